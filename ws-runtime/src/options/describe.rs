//! What follows from the description of an option: written once here for all of them.

/// Takes the description of all options, first those that the server consumes when it starts (`apart`), then those
/// that every connection looks up (`kept`).
///
/// One option is
///
/// ```text
/// /// One sentence, on one line: it is also the row of the table.
/// ///
/// /// What else there is to know.
/// name(into Type) -> CheckedType {
///     default: "as it would stand in the environment", unit: "seconds", bounds: (0 ..= 10), hint: "0 is off",
/// }
/// ```
///
/// With `into` the builder takes anything that converts into the type, with `exact` the type itself (so that an integer
/// literal is a `usize`). Bounds are a range of numbers, or words for what is allowed.
macro_rules! options {
    (apart { $($apart:tt)* } kept { $($kept:tt)* }) => {
        options! { @all $($apart)* $($kept)* }
        options! { @kept $($kept)* }
    };

    (@all $(
        #[doc = $sentence:literal]
        $(#[doc = $more:literal])*
        $name:ident($how:ident $raw:ty) -> $checked:ty {
            default: $default:literal, unit: $unit:literal, bounds: $bounds:tt, $(hint: $hint:literal,)?
        }
    )*) => {
        #[allow(non_upper_case_globals)] // named as the options are
        mod info {
            use super::{Bounds, OptionInfo};

            $(pub(super) const $name: OptionInfo = OptionInfo {
                name: stringify!($name),
                sentence: $sentence.trim_ascii(),
                default: $default,
                unit: $unit,
                bounds: bounds!($bounds),
                hint: concat!($($hint)?),
            };)*
        }

        /// Every option, in the order of the book's table.
        #[doc(hidden)]
        pub const TABLE: &[OptionInfo] = &[$(info::$name),*];

        /// What was given for each option so far, unchecked, and who gave it.
        #[derive(Default)]
        pub(crate) struct Draft {
            $(pub(crate) $name: Slot<$raw>,)*
        }

        impl Draft {
            /// Takes the value of a variable; `false` if no option of that name is read from one variable.
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
            $(pub(super) $name: $checked,)*
        }

        /// Where `#[ws_server(…)]` puts its values: one method for each key, called by the code that it writes.
        ///
        /// The value is a closure, called only if neither the builder nor the environment has set the option: an
        /// expression that reads a file must not run, and must not fail, for a value that nobody uses.
        impl Attribute<'_> {
            $(
                #[doc = $sentence]
                $(#[doc = $more])*
                ///
                #[doc = concat!(" Default: `", $default, "`. Allowed: ", allowed!($bounds, $unit), $("; ", $hint,)? ".")]
                pub fn $name(&mut self, value: impl FnOnce() -> $raw) {
                    if self.wants(stringify!($name)) && self.draft.$name.is_free() {
                        self.draft.$name.set(Source::Attribute, value());
                    }
                }
            )*
        }

        impl<S, G> crate::server::Builder<S, G> {
            $(setter! {
                $how $name: $raw,
                $sentence, $($more,)* "",
                concat!(" Default: `", $default, "`. Allowed: ", allowed!($bounds, $unit), $("; ", $hint,)? "."),
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
        $name:ident($how:ident $raw:ty) -> $checked:ty { $($rest:tt)* }
    )*) => {
        /// The options that connections look up, checked.
        #[derive(Debug, Clone)]
        #[allow(dead_code)] // `threads` is looked up before there are options: they are evaluated on these threads
        pub(crate) struct Options {
            $($(#[doc = $doc])* pub(crate) $name: $checked,)*
            pub(crate) given: Arc<[Given]>,
        }

        impl Options {
            /// Takes the checked values apart: what is consumed at the start, and what stays.
            pub(super) fn split(checked: Checked, given: Vec<Given>) -> Settled {
                let Checked { listen, tls, $($name),* } = checked;
                Settled { listen, tls, options: Self { $($name,)* given: given.into() } }
            }
        }
    };
}

/// The bounds of an option as a value.
macro_rules! bounds {
    (($least:literal ..= $most:literal)) => {
        Bounds::Range { least: $least as f64, most: $most as f64 }
    };
    (($words:literal)) => {
        Bounds::Words($words)
    };
}

/// The bounds of an option as text for its documentation.
macro_rules! allowed {
    (($least:literal ..= $most:literal), $unit:literal) => {
        concat!(stringify!($least), " to ", stringify!($most), " ", $unit)
    };
    (($words:literal), $unit:literal) => {
        $words
    };
}

/// One method of the builder.
macro_rules! setter {
    (into $name:ident: $raw:ty, $($doc:expr),* $(,)?) => {
        $(#[doc = $doc])*
        pub fn $name(mut self, value: impl Into<$raw>) -> Self {
            self.draft.$name.set(Source::Builder, value.into());
            self
        }
    };
    (exact $name:ident: $raw:ty, $($doc:expr),* $(,)?) => {
        $(#[doc = $doc])*
        pub fn $name(mut self, value: $raw) -> Self {
            self.draft.$name.set(Source::Builder, value);
            self
        }
    };
}
