//! Checked options.

use std::fmt;

#[cfg(feature = "tower")]
use ws_spec::options as info;

use super::describe::Options;
use super::draft::Source;
use super::routes::RouteOptions;
#[cfg(feature = "test")]
use crate::handshake::Hosts;
use crate::listen::{Listen, Tls};
#[cfg(any(feature = "test", feature = "tower"))]
use crate::proxy::Networks;

/// A server's options after all of them were checked.
pub(crate) struct Settled {
    pub(crate) listen: Listen,
    pub(crate) tls: Option<Tls>,
    pub(crate) metrics_listen: Option<Listen>,
    pub(crate) options: Options,
    pub(crate) routes: RouteOptions,
}

impl Options {
    /// The options with a given value, in the order of the table, for the log at start.
    pub(crate) fn given(&self) -> impl Iterator<Item = &Given> {
        self.given.iter()
    }
}

#[cfg(feature = "tower")]
impl Settled {
    /// Those of a server that is mounted in another. Returns also what was given for options that say what the other
    /// does, and so have no effect.
    pub(crate) fn mounted(self) -> (Self, Vec<Given>) {
        const THEIRS: [&str; 4] =
            [info::listen.name, info::tls.name, info::proxy_protocol.name, info::threads.name];
        let (useless, given) = self.options.given().cloned().partition(|given| THEIRS.contains(&given.name));
        let given: Vec<Given> = given;
        // The other server reads the connections from their first byte on.
        let proxy_protocol = Networks::Listed(Vec::new());
        let options = Options { proxy_protocol, given: given.into(), ..self.options };
        (Self { listen: Listen::nowhere(), tls: None, options, ..self }, useless)
    }
}

#[cfg(feature = "test")]
impl Options {
    /// Those of a server in memory: its clients speak to it directly, whatever host they name.
    pub(crate) fn in_memory(self) -> Self {
        Self { hosts: Hosts::any(), proxy_protocol: Networks::Listed(Vec::new()), ..self }
    }
}

#[cfg(test)]
impl Default for Options {
    fn default() -> Self {
        super::Draft::default().finish([]).expect("the defaults are right").options
    }
}

/// An option with a given value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) name: &'static str,
    /// In the form of the environment.
    pub(crate) value: String,
    pub(crate) source: Source,
}

impl fmt::Display for Given {
    /// A line of the log at start: `silence_max = 5 (from WS_SERVER_SILENCE_MAX)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {} ({})", self.name, self.value, self.source.place(self.name))
    }
}
