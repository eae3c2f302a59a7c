//! Generates code for all options from their descriptions in `ws-spec`.

use std::ffi::OsStr;
use std::sync::Arc;
use std::time::Duration;

use ws_spec::options as info;

use super::attribute::Attribute;
use super::draft::{Reading, Report, Slot, Source, UnknownOption};
use super::environment::Prefix;
use super::networks::NetworkList;
use super::plain_path::PlainPath;
use super::rate::Rate;
use super::routes::RouteOptions;
use super::seconds::Seconds;
use super::settled::{Given, Settled};
use super::side_listen::SideListen;
use super::spread::Spread;
use super::subprotocols::Subprotocols;
use super::tls::ClientCa;
use super::unchecked::Unchecked;
use super::value::{Choice, Compression, ForwardedHeader, Slow, Trace};
#[cfg(not(feature = "tls"))]
use super::written::TlsValue;
use crate::handshake::{Hosts, Origins};
use crate::listen::{Listen, Tls};
use crate::message::Refill;
use crate::proxy::Networks;

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
            default: $default:literal, of: $owner:ident $(($reason:literal))?,
            $(allowed: $allowed:literal,)? $(hint: $hint:literal,)? $(also: $also:tt,)?
        }
    )*) => {
        /// The value of each option so far, unchecked, with its source.
        #[derive(Default)]
        pub(crate) struct Draft {
            $(pub(crate) $name: Slot<raw!($kind)>,)*
            /// Those of `tls`, until they are added to it.
            pub(super) client_ca: Slot<ClientCa>,
        }

        impl Draft {
            /// Reads the value of a variable; an error if no option has this name.
            pub(super) fn read(&mut self, option: &str, variable: &str, value: &OsStr) -> Result<Reading, UnknownOption> {
                match option {
                    $(stringify!($name) => Ok(self.$name.read(variable, value)),)*
                    _ => Err(UnknownOption),
                }
            }

            /// Checks every option. `None` if some are wrong, as the report says.
            pub(super) fn check(self, report: &mut Report) -> Option<(Checked, Vec<Given>)> {
                $(let $name = self.$name.check(&info::$name, report);)*
                let given = report.take_given();
                $(let $name = $name?;)*
                Some((Checked { $($name,)* }, given))
            }
        }

        /// The values of all options, each within its bounds.
        pub(super) struct Checked {
            $(pub(super) $name: checked!($kind),)*
        }

        /// One method for each key of `#[ws_server(…)]` and of `#[route(…)]`, called by the generated code.
        ///
        /// The value is a closure, called only if neither the builder nor the environment has set the option: an
        /// expression that reads a file must not run, and must not fail, for a value that is not used. A value of a
        /// route goes before both, so it is called in any case, unless a route within has a value of its own.
        impl Attribute<'_> {
            $(
                #[doc = $sentence]
                $(#[doc = $more])*
                ///
                #[doc = allowed!($default, $kind $(($($bounds)*))? $($allowed)? $(, $hint)?)]
                pub fn $name(&mut self, value: impl FnOnce() -> raw!($kind)) {
                    if self.wants(&info::$name) && self.draft.$name.is_free() {
                        let source = self.source();
                        self.draft.$name.set(source, value());
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
                    "and the attribute.", on_route!($owner)
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
        pub(crate) struct Options {
            $($(#[doc = $doc])* pub(crate) $name: checked!($kind),)*
            pub(crate) given: Arc<[Given]>,
        }

        impl Draft {
            /// Checks what a route sets. The rest is the server's. `None` if it sets nothing, or if something is wrong.
            pub(super) fn check_on_route(self, server: Option<&Options>, report: &mut Report) -> Option<Options> {
                let outbox_follows = server.is_some_and(Options::outbox_follows)
                    && self.max_outbox.is_free()
                    && !self.max_send_size.is_free();
                $(let $name = self.$name.check_or(&info::$name, server.map(|server| &server.$name), report);)*
                let given = report.take_given();
                if given.is_empty() {
                    return None;
                }
                let mut options = Options { $($name: $name?,)* given: given.into() };
                if outbox_follows {
                    options.fit_outbox();
                }
                report.refuse_gaps(&options, server);
                Some(options)
            }
        }

        impl Options {
            /// Separates the values that are consumed at the start from those that stay.
            pub(super) fn split(checked: Checked, given: Vec<Given>) -> Settled {
                let Checked { listen, tls, metrics_listen, $($name),* } = checked;
                Settled {
                    listen,
                    tls,
                    metrics_listen,
                    options: Self { $($name,)* given: given.into() },
                    routes: RouteOptions::default(),
                }
            }
        }
    };
}

/// What the documentation of an option says of routes.
macro_rules! on_route {
    (connection) => {
        " On a route, the value in `#[route(…)]` goes before all of these."
    };
    (server) => {
        ""
    };
}

/// The type of a kind's values before they are checked.
macro_rules! raw {
    (listen) => { Listen };
    (side_listen) => { SideListen };
    (tls) => { Tls };
    (switch) => { bool };
    (seconds) => { Seconds };
    (count) => { usize };
    (rate) => { Rate };
    (spread) => { Spread };
    (slow) => { Choice<Slow> };
    (origins) => { Unchecked<Origins> };
    (hosts) => { Unchecked<Hosts> };
    (networks) => { NetworkList };
    (forwarded) => { Choice<ForwardedHeader> };
    (subprotocols) => { Subprotocols };
    (compression) => { Choice<Compression> };
    (prefix) => { Prefix };
    (path) => { PlainPath };
    (trace) => { Choice<Trace> };
}

/// The type of a kind's values after they are checked.
macro_rules! checked {
    (listen) => { Listen };
    (side_listen) => { Option<Listen> };
    (tls) => { Option<Tls> };
    (switch) => { bool };
    (seconds) => { Duration };
    (count) => { usize };
    (rate) => { Option<Refill> };
    (spread) => { Option<Duration> };
    (slow) => { Slow };
    (origins) => { Origins };
    (hosts) => { Hosts };
    (networks) => { Networks };
    (forwarded) => { ForwardedHeader };
    (subprotocols) => { Subprotocols };
    (compression) => { Compression };
    (prefix) => { String };
    (path) => { Option<Arc<str>> };
    (trace) => { Trace };
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
