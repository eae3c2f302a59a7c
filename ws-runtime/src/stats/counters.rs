//! All that a server counts.

use super::counter::{Counter, CountsBy, Level};
use super::labels::{Ending, HandshakeResult, Rejected};
use crate::event::Close;

/// What happened in a server since it started.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    handshakes: CountsBy<HandshakeResult>,
    requests: CountsBy<u16>,
    rejected: CountsBy<Rejected>,
    opened: Counter,
    closed: CountsBy<Ending>,
    dropped: Counter,
    broadcasts: Counter,
    blocked: Counter,
    memory: Level,
}

impl Counters {
    /// Counts a handshake that was accepted or refused.
    pub(crate) fn handshake(&self, result: HandshakeResult) {
        self.handshakes.add(result, 1);
    }

    /// Counts a plain HTTP request that was answered with this status.
    pub(crate) fn request(&self, status: u16) {
        self.requests.add(status, 1);
    }

    /// Counts a connection that got no handshake.
    pub(crate) fn rejected(&self, why: Rejected) {
        self.rejected.add(why, 1);
    }

    /// Counts a connection that became a WebSocket.
    pub(crate) fn opened(&self) {
        self.opened.add(1);
    }

    /// Counts the end of a connection that was [`opened`](Self::opened).
    pub(crate) fn closed(&self, close: &Close) {
        self.closed.add(Ending::of(close), 1);
    }

    /// Counts messages that a peer did not get, because it reads too slowly.
    pub(crate) fn dropped(&self, messages: u64) {
        self.dropped.add(messages);
    }

    /// Counts a message to many connections.
    pub(crate) fn broadcast(&self) {
        self.broadcasts.add(1);
    }

    /// Counts a handler that has blocked its thread for as long as `watchdog` allows.
    pub(crate) fn blocked(&self) {
        self.blocked.add(1);
    }

    /// Changes how many bytes wait in all queues together.
    pub(crate) fn memory(&self, by: i64) {
        self.memory.change(by);
    }
}
