//! How many connections a server holds: `max_connections`, or fewer if the process may not open that many descriptors.

use std::fmt;

use crate::listen::{Address, Listener};
use crate::options::Options;

/// Descriptors that are reserved for everything but connections.
#[cfg(unix)]
const RESERVED_DESCRIPTORS: usize = 64;

/// How many connections are held at once, and which limit bounds them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capacity {
    pub(super) connections: usize,
    max_connections: usize,
    /// The process's limit of descriptors, if it is the lower limit.
    descriptors: Option<usize>,
    /// Whether `max_connections` was set, and is not the default.
    is_explicit: bool,
}

impl Capacity {
    pub(super) fn new(options: &Options, listeners: &[Listener]) -> Self {
        let max_connections = options.max_connections;
        let is_explicit = options.given().any(|given| given.name == "max_connections");
        let unbounded =
            Self { connections: max_connections, max_connections, descriptors: None, is_explicit };
        // A mounted server has no listeners, but its connections have descriptors.
        let is_in_memory = |listener: &Listener| *listener.address() == Address::Memory;
        if !listeners.is_empty() && listeners.iter().all(is_in_memory) {
            // Such connections take no descriptors.
            return unbounded;
        }
        #[cfg(unix)]
        if let Some(limit) = rustix::process::getrlimit(rustix::process::Resource::Nofile).current {
            let descriptors = usize::try_from(limit).unwrap_or(usize::MAX);
            // A fifth is left for the user's files, and for peers that are being refused.
            let room = descriptors.saturating_sub(RESERVED_DESCRIPTORS) / 5 * 4;
            if room < max_connections {
                return Self { connections: room.max(1), descriptors: Some(descriptors), ..unbounded };
            }
        }
        unbounded
    }

    /// Logs that there will be fewer connections than `max_connections`: as a warning if that option was set.
    pub(super) fn announce(&self, server: &str) {
        let Some(descriptors) = self.descriptors else { return };
        let Self { connections, max_connections, .. } = self;
        let text = format!(
            "at most {connections} connections, although max_connections is {max_connections}: the process may open \
             {descriptors} descriptors; raise that by `ulimit -n` or systemd's `LimitNOFILE=`, or lower max_connections"
        );
        if self.is_explicit {
            tracing::warn!(server, "{text}");
        } else {
            tracing::info!(server, "{text}");
        }
    }
}

/// The limit that is reached, for a log line.
impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.descriptors {
            None => write!(f, "max_connections ({})", self.max_connections),
            Some(descriptors) => write!(
                f,
                "max_connections ({}, lowered from {}: the process may open {descriptors} descriptors)",
                self.connections, self.max_connections
            ),
        }
    }
}

#[cfg(all(test, feature = "test"))]
mod tests {
    use super::*;
    use crate::Listen;

    #[tokio::test]
    async fn connections_in_memory_are_not_bounded_by_descriptors() {
        let options = Options { max_connections: usize::MAX, ..Options::default() };
        let listeners = Listen::memory().0.bind(1).await.unwrap();
        assert_eq!(Capacity::new(&options, &listeners).connections, usize::MAX);
        let listeners = Listen::from("127.0.0.1:0").bind(1).await.unwrap();
        let bounded = Capacity::new(&options, &listeners);
        assert_eq!(bounded.connections == usize::MAX, bounded.descriptors.is_none());
    }
}
