//! The closed sets of words by which a server counts.

use std::cmp::Ordering;

use crate::event::{Close, ClosedBy};

/// Which limit of the server as a whole a connection met: it got no handshake, or had to go for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rejected {
    /// `max_connections` was reached.
    Full,
    /// `max_handshakes` were pending, none of them stalled, and it could not wait to be accepted: it was already.
    #[cfg(feature = "tower")]
    Handshakes,
    /// It was stalled, and had to make room for another.
    Evicted,
    /// `max_connections_per_ip` was reached.
    PerAddress,
    /// Its address made too many handshakes a second.
    HandshakeRate,
    /// It had no PROXY header where one is required, or a malformed one.
    Proxy,
    /// `max_memory` was reached.
    Memory,
}

impl Rejected {
    /// The word for it in labels.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            #[cfg(feature = "tower")]
            Self::Handshakes => "handshakes",
            Self::Evicted => "evicted",
            Self::PerAddress => "per_address",
            Self::HandshakeRate => "handshake_rate",
            Self::Proxy => "proxy",
            Self::Memory => "memory",
        }
    }
}

/// How a handshake ended, or what came instead of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HandshakeResult {
    /// The status of the answer; `None` if there was none.
    pub(crate) status: Option<u16>,
    /// The word for what was wrong; `None` for a handshake that was accepted, and for what a handler refused.
    pub(crate) error: Option<&'static str>,
}

/// How a connection ended, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) by: ClosedBy,
    /// `None` for a code of the peer's own choice: there are thousands.
    pub(crate) code: Option<u16>,
}

impl Ending {
    /// Their order says nothing.
    fn order(self) -> (u8, Option<u16>) {
        (self.by as u8, self.code)
    }
}

impl Ord for Ending {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Ending {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ending {
    pub(crate) fn of(close: &Close) -> Self {
        // Those that clients send by themselves, and those that are never sent.
        let is_known = close.by() != ClosedBy::Peer || matches!(close.code(), 1000..=1003 | 1005..=1011);
        Self { by: close.by(), code: is_known.then_some(close.code()) }
    }
}
