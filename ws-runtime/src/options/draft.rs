//! What was given for an option, by whom, and whether it holds.

use std::ffi::{OsStr, OsString};

use ws_spec::options::{self as info, OptionInfo};

use super::attribute::Attribute;
use super::describe::{Draft, Options};
use super::environment::Warning;
use super::error::{OptionError, OptionErrors};
use super::settled::{Given, Settled};
use super::value::{Refused, Value};

impl Draft {
    /// Reads the environment, and what has to be known before there is a runtime: the number of threads.
    ///
    /// The warnings are worth a line in the log whether the rest is right or not.
    pub(crate) fn prepare<K, V>(
        &mut self,
        environment: impl IntoIterator<Item = (K, V)>,
        attribute: impl Fn(&mut Attribute<'_>),
    ) -> Vec<Warning>
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        // The prefix is needed to know what the environment has set, and that to know what to evaluate.
        attribute(&mut Attribute::of_prefix(self));
        let warnings = self.read_environment(environment);
        attribute(&mut Attribute::of_threads(self));
        warnings
    }

    /// On how many threads the server is to run, 0 for one for each core; also where that number is wrong, which is
    /// reported by [`settle`](Self::settle).
    pub(crate) fn threads(&self) -> usize {
        self.threads.value().and_then(|threads| threads.checked(&info::threads).ok()).unwrap_or(0)
    }

    /// Takes what is missing from the attribute, and checks everything.
    pub(crate) fn settle(mut self, attribute: impl Fn(&mut Attribute<'_>)) -> Result<Settled, OptionErrors> {
        attribute(&mut Attribute::of_rest(&mut self));
        self.finish()
    }

    /// Checks everything that was given, and fills in the defaults.
    pub(crate) fn finish(self) -> Result<Settled, OptionErrors> {
        let outbox_is_free = self.max_outbox.is_free();
        let (mut checked, given) = self.check()?;
        if outbox_is_free {
            checked.max_outbox = checked.max_outbox.max(checked.max_send_size + FRAME_HEADER_MAX);
        }
        Ok(Options::split(checked, given))
    }
}

/// Who gave a value. In the order of precedence: a later one replaces an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Nobody.
    Default,
    /// The key of `#[ws_server(…)]`.
    Attribute,
    /// The variable of this name.
    Environment(String),
    /// The method of the builder.
    Builder,
}

impl Source {
    fn rank(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::Attribute => 1,
            Self::Environment(_) => 2,
            Self::Builder => 3,
        }
    }

    /// Where the reader finds what to change.
    pub(crate) fn place(&self, option: &str) -> String {
        match self {
            Self::Default => "by default".to_owned(),
            Self::Attribute => "from `#[ws_server(…)]`".to_owned(),
            Self::Environment(variable) => format!("from {variable}"),
            Self::Builder => format!("from `.{option}(…)`"),
        }
    }
}

/// What was given for one option.
pub(crate) struct Slot<T>(Option<(Source, Result<T, Refused>)>);

impl<T> Slot<T> {
    /// Tells whether nothing has been given yet.
    pub(crate) fn is_free(&self) -> bool {
        self.0.is_none()
    }

    /// Keeps the value, unless there is one from a source that goes before.
    pub(crate) fn set(&mut self, source: Source, value: T) {
        self.put(source, Ok(value));
    }

    /// The value, where one was given that could be read.
    pub(super) fn value(&self) -> Option<&T> {
        self.0.as_ref().and_then(|(_, value)| value.as_ref().ok())
    }

    pub(super) fn put(&mut self, source: Source, value: Result<T, Refused>) -> Reading {
        match &self.0 {
            Some((present, _)) if present.rank() > source.rank() => Reading::Overridden,
            Some(_) | None => {
                self.0 = Some((source, value));
                Reading::Taken
            }
        }
    }
}

impl<T: Value> Slot<T> {
    /// Takes the text of a variable. What is wrong with it is reported by [`check`](Slot::check).
    pub(super) fn read(&mut self, variable: &str, value: &OsStr) -> Reading {
        let value = match value.to_str() {
            Some(text) => T::read(text.trim()),
            None => Err(Refused::Because(format!("cannot be read from {value:?}, which is not Unicode"))),
        };
        self.put(Source::Environment(variable.to_owned()), value)
    }

    /// The checked value, or none and an error in the report.
    pub(super) fn check(self, info: &OptionInfo, report: &mut Report) -> Option<T::Checked> {
        let Some((source, value)) = self.0 else {
            let default = T::default_value(info);
            return default.map_err(|refused| report.refuse(info, &Source::Default, &refused)).ok();
        };
        let checked = value.and_then(|value| {
            let shown = value.show();
            Ok((value.checked(info)?, shown))
        });
        match checked {
            Ok((checked, value)) => {
                report.given.push(Given { name: info.name, value, source });
                Some(checked)
            }
            Err(refused) => {
                report.refuse(info, &source, &refused);
                None
            }
        }
    }
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// What became of a variable's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Taken,
    /// The program sets the option itself.
    Overridden,
}

/// There is no option of that name.
#[derive(Debug)]
pub(super) struct UnknownOption;

/// What the check of all options found.
#[derive(Default)]
pub(super) struct Report {
    errors: Vec<OptionError>,
    given: Vec<Given>,
}

impl Report {
    fn refuse(&mut self, info: &OptionInfo, source: &Source, refused: &Refused) {
        self.errors.push(OptionError::new(info, source, refused));
    }

    pub(super) fn into_errors(self) -> OptionErrors {
        OptionErrors::new(self.errors)
    }

    pub(super) fn into_given(self) -> Vec<Given> {
        self.given
    }
}

/// The header of the longest frame that a server sends (RFC 6455 section 5.2: no masking key).
const FRAME_HEADER_MAX: usize = 10;
