//! Options that are known to be right.

use std::fmt;

use super::describe::Options;
use super::draft::Source;
use crate::listen::{Listen, Tls};

/// A server's options when all of them are right.
pub(crate) struct Settled {
    pub(crate) listen: Listen,
    pub(crate) tls: Option<Tls>,
    pub(crate) options: Options,
}

impl Options {
    /// The options that are not left to their defaults, in the order of the table, for the start-up log.
    pub(crate) fn given(&self) -> impl Iterator<Item = &Given> {
        self.given.iter()
    }
}

#[cfg(test)]
impl Default for Options {
    fn default() -> Self {
        super::Draft::default().finish().expect("the defaults are right").options
    }
}

/// An option that is not left to its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) name: &'static str,
    /// As it would stand in the environment.
    pub(crate) value: String,
    pub(crate) source: Source,
}

impl fmt::Display for Given {
    /// A line of the start-up log: `silence_max = 5 (from WS_SERVER_SILENCE_MAX)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {} ({})", self.name, self.value, self.source.place(self.name))
    }
}
