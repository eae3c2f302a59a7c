//! Errors in the values of options.

use std::fmt;

use ws_spec::options::OptionInfo;

use super::draft::Source;
use super::value::Refused;

/// An option whose value is not allowed. The message says where the value came from, what is wrong and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OptionError {
    option: &'static str,
    origin: String,
    message: String,
}

impl OptionError {
    pub(super) fn new(info: &OptionInfo, source: &Source, refused: &Refused) -> Self {
        let option = info.name;
        let origin = source.place(option);
        let mut message = match refused {
            Refused::Not(given) => format!("`{option}` must be {}, not {given} ({origin})", info.at_least()),
            Refused::TooLarge(given) => {
                format!("`{option}` must be {}, not {given} ({origin})", info.at_most())
            }
            Refused::NotNumber(kind, given) => {
                format!("`{option}` must be {}, not {given} ({origin})", info.number(kind))
            }
            Refused::Because(reason) => format!("`{option}` {reason} ({origin})"),
        };
        if !info.hint.is_empty() {
            message.push_str("; ");
            message.push_str(info.hint);
        }
        Self { option, origin, message }
    }

    /// The option's name.
    #[must_use]
    pub fn option(&self) -> &str {
        self.option
    }

    /// Where the value was given, such as `from WS_SERVER_SILENCE_MAX`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

/// All wrong options of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionErrors(Vec<OptionError>);

impl OptionErrors {
    pub(super) fn new(errors: Vec<OptionError>) -> Self {
        Self(errors)
    }

    /// The single errors, in the order of the options.
    pub fn iter(&self) -> impl Iterator<Item = &OptionError> {
        self.0.iter()
    }
}

/// One error is one line. Several are one line each, after a line with their number.
impl fmt::Display for OptionErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [error] = self.0.as_slice() {
            return error.fmt(f);
        }
        write!(f, "{} options are wrong:", self.0.len())?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl std::error::Error for OptionErrors {}
