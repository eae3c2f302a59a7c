//! What is kept of a connection for which much has waited, or that somebody waits for.

use std::io;
use std::task::Waker;

use super::SendPath;

/// Boxed in the send path, as most connections have none.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// The tasks that wait until all is written.
    pub(super) flushing: Vec<Waker>,
    /// Why writing failed. It is logged later, without the lock: a log subscriber may send to this connection.
    pub(super) failure: Option<io::Error>,
    /// How many messages were for the peer and will never be written.
    dropped: u64,
}

impl SendPath {
    pub(in crate::conn) fn take_failure(&mut self) -> Option<io::Error> {
        self.backlog.as_mut()?.failure.take()
    }

    /// How many messages were for the peer, and were never written as a whole.
    pub(in crate::conn) fn dropped(&self) -> u64 {
        self.backlog.as_ref().map_or(0, |backlog| backlog.dropped)
    }

    /// Counts messages that will never be written.
    pub(super) fn lose(&mut self, messages: usize) {
        let messages = messages as u64;
        if messages > 0 {
            self.backlog.get_or_insert_default().dropped += messages;
            if let Some(conn) = self.conn.upgrade() {
                conn.server().counters().dropped(messages);
            }
        }
    }

    /// Drops the oldest messages until one of this size fits. Returns false, and drops none, if it would not fit then
    /// either.
    pub(super) fn drop_oldest(&mut self, size: usize) -> bool {
        let held_back = self.held_back.as_ref().map_or(0, |held_back| held_back.droppable());
        let waiting = self.outbox.len() + self.held_back_len();
        let least = waiting.saturating_sub(self.outbox.droppable() + held_back);
        if least > 0 && least.saturating_add(size) > self.limit {
            return false;
        }
        let was_overfull = self.is_overfull();
        let most = self.limit.saturating_sub(size);
        let mut dropped = self.outbox.drop_oldest(most.saturating_sub(self.held_back_len()));
        if let Some(held_back) = &mut self.held_back {
            dropped += held_back.drop_oldest(most.saturating_sub(self.outbox.len()));
        }
        self.lose(dropped);
        if was_overfull && !self.is_overfull() {
            // The messages of the peer are handled again.
            self.wake();
        }
        true
    }

    /// All is written, or never will be.
    #[inline]
    pub(super) fn all_written(&mut self) {
        if self.backlog.is_some() {
            self.end_backlog();
        }
    }

    #[cold]
    fn end_backlog(&mut self) {
        let Some(backlog) = &mut self.backlog else { return };
        if !backlog.flushing.is_empty() {
            self.flushed.get_or_insert_default().append(&mut backlog.flushing);
        }
        if !backlog.is_needed() {
            self.backlog = None;
        }
    }
}

impl Backlog {
    fn is_needed(&self) -> bool {
        let Self { flushing, failure, dropped } = self;
        !flushing.is_empty() || failure.is_some() || *dropped > 0
    }
}
