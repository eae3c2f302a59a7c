//! What is kept of a connection for which much has waited, or that somebody waits for.

use std::io;
use std::task::Waker;

use super::{Phase, SendPath};

/// Boxed in the send path, as most connections have none.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// The tasks that wait until all is written.
    pub(super) flushing: Vec<Waker>,
    /// Why writing failed. It is logged later, without the lock: a log subscriber may send to this connection.
    pub(super) failure: Option<io::Error>,
    /// How many messages were for the peer and will never be written.
    dropped: u64,
    missed: Missed,
}

/// Whether the peer has missed messages that `#[on(drain)]` is to make up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Missed {
    #[default]
    Nothing,
    /// A message was dropped, or a sender got it back. What was queued before that is not written yet.
    Messages,
    /// All is written since: `#[on(drain)]` is due.
    Drained,
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

    /// The outbox is full: once it is empty, `#[on(drain)]` is due.
    pub(super) fn miss(&mut self) {
        self.backlog.get_or_insert_default().missed = Missed::Messages;
    }

    /// Whether `#[on(drain)]` is due.
    pub(super) fn is_drained(&self) -> bool {
        self.backlog.as_ref().is_some_and(|backlog| backlog.missed == Missed::Drained)
            && self.phase == Phase::Ready
    }

    /// `#[on(drain)]` is about to run. Returns false if it is not due any more: another message was missed meanwhile.
    pub(in crate::conn) fn take_drained(&mut self) -> bool {
        let is_drained = self.is_drained();
        if is_drained && let Some(backlog) = &mut self.backlog {
            backlog.missed = Missed::Nothing;
        }
        is_drained
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
        if dropped > 0 {
            self.miss();
        }
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
        let is_drained = self.is_open() && self.held_back_len() == 0;
        let Some(backlog) = &mut self.backlog else { return };
        if is_drained && backlog.missed == Missed::Messages {
            backlog.missed = Missed::Drained;
            self.wakes_task = true;
        }
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
        let Self { flushing, failure, dropped, missed } = self;
        !flushing.is_empty() || failure.is_some() || *dropped > 0 || *missed != Missed::Nothing
    }
}
