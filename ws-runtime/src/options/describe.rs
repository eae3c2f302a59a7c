//! Generates code for all options from their descriptions in `ws-spec`.

use std::ffi::OsStr;
use std::sync::Arc;
use std::time::Duration;

use ws_spec::options as info;

use super::attribute::Attribute;
use super::draft::{Reading, Report, Slot, Source, UnknownOption};
use super::environment::Prefix;
use super::error::OptionErrors;
use super::origins::AllowedOrigins;
use super::rate::Rate;
use super::seconds::Seconds;
use super::settled::{Given, Settled};
use super::subprotocols::Subprotocols;
use super::value::{Choice, Compression, Slow};
#[cfg(not(feature = "tls"))]
use super::written::TlsValue;
use crate::handshake::Origins;
use crate::listen::{Listen, Tls};
use crate::message::Refill;

/// Takes the description of all options, in the form of `ws_spec::for_each_option!`.
macro_rules! options {
    (apart { $($apart:tt)* } kept { $($kept:tt)* }) => {
        options! { @all $($apart)* $($kept)* }
        options! { @kept $($kept)* }
    };

    (@all $(
        #[doc = $sentence:literal]
        $(#[doc = $more:literal])*
        $name:ident: $kind:ident $(($($bounds:tt)*))? {
            default: $default:literal, $(allowed: $allowed:literal,)? $(hint: $hint:literal,)? $(also: $also:tt,)?
        }
    )*) => {
        /// The value of each option so far, unchecked, with its source.
        #[derive(Default)]
        pub(crate) struct Draft {
            $(pub(crate) $name: Slot<raw!($kind)>,)*
        }

        impl Draft {
            /// Reads the value of a variable; an error if no option has this name.
            pub(super) fn read(&mut self, option: &str, variable: &str, value: &OsStr) -> Result<Reading, UnknownOption> {
                match option {
                    $(stringify!($name) => Ok(self.$name.read(variable, value)),)*
                    _ => Err(UnknownOption),
                }
            }

            /// Checks every option.
            pub(super) fn check(self) -> Result<(Checked, Vec<Given>), OptionErrors> {
                let mut report = Report::default();
                $(let $name = self.$name.check(&info::$name, &mut report);)*
                let ($(Some($name),)*) = ($($name,)*) else { return Err(report.into_errors()) };
                Ok((Checked { $($name,)* }, report.into_given()))
            }
        }

        /// The values of all options, each within its bounds.
        pub(super) struct Checked {
            $(pub(super) $name: checked!($kind),)*
        }

        /// One method for each key of `#[ws_server(…)]`, called by the generated code.
        ///
        /// The value is a closure, called only if neither the builder nor the environment has set the option: an
        /// expression that reads a file must not run, and must not fail, for a value that is not used.
        impl Attribute<'_> {
            $(
                #[doc = $sentence]
                $(#[doc = $more])*
                ///
                #[doc = allowed!($default, $kind $(($($bounds)*))? $($allowed)? $(, $hint)?)]
                pub fn $name(&mut self, value: impl FnOnce() -> raw!($kind)) {
                    if self.wants(stringify!($name)) && self.draft.$name.is_free() {
                        self.draft.$name.set(Source::Attribute, value());
                    }
                }
            )*
        }

        impl<S, G> crate::server::Builder<S, G> {
            $(setter! {
                $kind $name,
                $sentence, $($more,)* "",
                allowed!($default, $kind $(($($bounds)*))? $($allowed)? $(, $hint)?),
                concat!(
                    " A value that is not allowed is reported when the server starts, with all others. ",
                    "This call goes before the environment (`WS_SERVER_` and the option's name in capitals) ",
                    "and the attribute."
                ),
            })*
        }
    };

    (@kept $(
        $(#[doc = $doc:literal])*
        $name:ident: $kind:ident $(($($bounds:tt)*))? { $($rest:tt)* }
    )*) => {
        /// The checked options that connections read.
        #[derive(Debug, Clone)]
        #[expect(dead_code, reason = "`threads` is looked up before there are options: they are evaluated on these threads")]
        pub(crate) struct Options {
            $($(#[doc = $doc])* pub(crate) $name: checked!($kind),)*
            pub(crate) given: Arc<[Given]>,
        }

        impl Options {
            /// Separates the values that are consumed at the start from those that stay.
            pub(super) fn split(checked: Checked, given: Vec<Given>) -> Settled {
                let Checked { listen, tls, $($name),* } = checked;
                Settled { listen, tls, options: Self { $($name,)* given: given.into() } }
            }
        }
    };
}

/// The type of a kind's values before they are checked.
macro_rules! raw {
    (listen) => { Listen };
    (tls) => { Tls };
    (switch) => { bool };
    (seconds) => { Seconds };
    (count) => { usize };
    (rate) => { Rate };
    (slow) => { Choice<Slow> };
    (origins) => { AllowedOrigins };
    (subprotocols) => { Subprotocols };
    (compression) => { Choice<Compression> };
    (prefix) => { Prefix };
}

/// The type of a kind's values after they are checked.
macro_rules! checked {
    (listen) => { Listen };
    (tls) => { Option<Tls> };
    (switch) => { bool };
    (seconds) => { Duration };
    (count) => { usize };
    (rate) => { Option<Refill> };
    (slow) => { Slow };
    (origins) => { Origins };
    (subprotocols) => { Subprotocols };
    (compression) => { Compression };
    (prefix) => { String };
}

/// The default of an option and what is allowed, for its documentation.
macro_rules! allowed {
    ($default:literal, seconds($least:literal ..= $most:literal) $(, $hint:literal)?) => {
        allowed!(@ $default, stringify!($least), " to ", stringify!($most), " seconds" $(, "; ", $hint)?)
    };
    ($default:literal, count($least:literal ..= $most:literal $(, $unit:literal)?) $(, $hint:literal)?) => {
        allowed!(@ $default, stringify!($least), " to ", stringify!($most) $(, " ", $unit)? $(, "; ", $hint)?)
    };
    ($default:literal, $kind:ident $allowed:literal $(, $hint:literal)?) => {
        allowed!(@ $default, $allowed $(, "; ", $hint)?)
    };
    (@ $default:literal, $($allowed:expr),*) => {
        concat!(" Default: `", $default, "`. Allowed: ", $($allowed),*, ".")
    };
}

/// One method of the builder. It takes anything that converts into the type, except for numbers and switches, so that
/// an integer literal is a `usize`.
macro_rules! setter {
    (count $($rest:tt)*) => { setter! { @exact count $($rest)* } };
    (switch $($rest:tt)*) => { setter! { @exact switch $($rest)* } };
    // Without the feature, `TlsValue` is a trait that nothing has and whose error names the feature.
    (tls $name:ident, $($doc:expr),* $(,)?) => {
        #[cfg(feature = "tls")]
        setter! { @from tls $name, $($doc),* }

        /// TLS needs the feature `tls` of `ws-runtime`, which is off.
        #[cfg(not(feature = "tls"))]
        pub fn $name(mut self, value: impl TlsValue) -> Self {
            self.draft.$name.set(Source::Builder, value.value());
            self
        }
    };
    (@exact $kind:ident $name:ident, $($doc:expr),* $(,)?) => {
        $(#[doc = $doc])*
        pub fn $name(mut self, value: raw!($kind)) -> Self {
            self.draft.$name.set(Source::Builder, value);
            self
        }
    };
    ($kind:ident $name:ident, $($doc:expr),* $(,)?) => { setter! { @from $kind $name, $($doc),* } };
    (@from $kind:ident $name:ident, $($doc:expr),* $(,)?) => {
        $(#[doc = $doc])*
        pub fn $name(mut self, value: impl Into<raw!($kind)>) -> Self {
            self.draft.$name.set(Source::Builder, value.into());
            self
        }
    };
}

ws_spec::for_each_option!(options);
