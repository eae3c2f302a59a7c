//! Counts how the opening of a connection ended.

use http::StatusCode;

use super::answer::{Answered, Asked};
use super::deadline::Interrupted;
use super::reason::Reason;
use crate::conn::Conn;
#[cfg(feature = "tower")]
use crate::handshake::Refusal;
#[cfg(feature = "tower")]
use crate::mount::NotUpgraded;
use crate::stats::{HandshakeResult, Rejected};

/// Counts a handshake that was accepted with this status.
pub(in crate::conn) fn count_opened(conn: &Conn, status: StatusCode) {
    let counters = conn.server().counters();
    counters.handshake(HandshakeResult { status: Some(status.as_u16()), error: None });
}

/// Counts a connection that did not become a WebSocket.
pub(super) fn count_not_opened(conn: &Conn, reason: &Reason) {
    let counters = conn.server().counters();
    let error = match reason {
        Reason::Evicted(_) => return counters.rejected(Rejected::Evicted),
        Reason::TooMany(too_many) => return counters.rejected(too_many.rejected()),
        Reason::Preamble(_) => return counters.rejected(Rejected::Proxy),
        Reason::Answered(answered) => return count_answer(conn, answered),
        Reason::Refused => "connect_handler",
        Reason::Disconnected => "disconnected",
        Reason::Tls(_) => "tls",
        Reason::Closed => "closed",
        #[cfg(feature = "tower")]
        Reason::Dropped => "closed",
        Reason::Io(_) => "network",
        Reason::Interrupted(interrupted) => interrupted.as_str(),
    };
    counters.handshake(HandshakeResult { status: None, error: Some(error) });
}

/// Counts a connection that another server has answered, and that did not become a WebSocket.
#[cfg(feature = "tower")]
pub(in crate::conn) fn count_not_upgraded(conn: &Conn, why: &NotUpgraded) {
    tracing::debug!(conn = conn.id(), peer = %conn.peer(), "not connected: {why}");
    let counters = conn.server().counters();
    let error = match why {
        NotUpgraded::Evicted(_) => return counters.rejected(Rejected::Evicted),
        NotUpgraded::NotUpgradable => "not_upgradable",
        NotUpgraded::Failed(_) => "network",
        NotUpgraded::TooSlow(_) => "timeout",
        NotUpgraded::ShuttingDown(_) => "shutdown",
        NotUpgraded::EarlyBytes => Refusal::EarlyBytes.as_str(),
    };
    counters.handshake(HandshakeResult { status: None, error: Some(error) });
}

fn count_answer(conn: &Conn, answered: &Answered) {
    let counters = conn.server().counters();
    if let Some(too_many) = answered.too_many() {
        return counters.rejected(too_many.rejected());
    }
    let status = answered.status().as_u16();
    match answered.asked() {
        Asked::Plain => counters.request(status),
        Asked::Handshake => {
            counters.handshake(HandshakeResult { status: Some(status), error: answered.error() });
        }
    }
}

impl Interrupted {
    /// The word for it in labels.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::TooSlow(_) => "timeout",
            Self::ShuttingDown => "shutdown",
        }
    }
}
