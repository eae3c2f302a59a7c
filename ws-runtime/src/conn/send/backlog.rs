//! What is kept of a connection for which much has waited, or that somebody waits for.

use std::io;
use std::task::Waker;

use super::{Phase, SendPath};
use crate::conn::Conn;
use crate::event::Close;

/// An outbox of up to this size does not count for `max_memory`. A larger one counts in steps of this size.
pub(super) const STEP: usize = 16 * 1024;

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
    /// How many bytes count for `max_memory`.
    accounted: usize,
    /// It was cut as the server was short of memory.
    is_victim: bool,
}

/// What is to be done once the lock is released.
#[derive(Debug, Default)]
pub(super) struct Errands {
    /// The tasks that waited until all is written, to wake.
    flushed: Vec<Waker>,
    /// Other connections to cut, as all queues together are too large. Two locks of send paths are never held at once.
    victims: Vec<Conn>,
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

    /// Tells the server how much waits, with so many bytes that are about to, in steps. Returns false if this connection
    /// was cut for it.
    #[cold]
    pub(super) fn account(&mut self, more: usize) -> bool {
        let bytes = self.waiting().saturating_add(more);
        let now = if bytes > STEP { bytes.next_multiple_of(STEP) } else { 0 };
        let before = self.backlog.as_ref().map_or(0, |backlog| backlog.accounted);
        // A queue that shrinks and grows by little does not tell each time.
        let is_close = now <= before && before - now <= STEP && bytes > 0;
        if now == before || is_close {
            return true;
        }
        let Some(conn) = self.conn.upgrade() else { return true };
        self.backlog.get_or_insert_default().accounted = now;
        self.mark = self.limit.min(now.max(STEP));
        let mut victims = conn.server().memory().account(&conn, before, now);
        if victims.is_empty() {
            return true;
        }
        let count = victims.len();
        victims.retain(|victim| *victim != conn);
        let is_victim = victims.len() < count;
        self.errands.get_or_insert_default().victims.append(&mut victims);
        if is_victim {
            self.cut_as_victim();
        }
        !is_victim
    }

    /// Cuts the connection, as the server is short of memory.
    fn cut_as_victim(&mut self) {
        if self.phase == Phase::Gone {
            return;
        }
        self.backlog.get_or_insert_default().is_victim = true;
        self.cut(Close::slow());
    }

    /// Whether the connection was cut as the server was short of memory.
    pub(in crate::conn) fn is_victim(&self) -> bool {
        self.backlog.as_ref().is_some_and(|backlog| backlog.is_victim)
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
            self.errands.get_or_insert_default().flushed.append(&mut backlog.flushing);
        }
        if backlog.accounted > 0 {
            self.account(0);
        }
        let Some(backlog) = &mut self.backlog else { return };
        if !backlog.is_needed() {
            self.backlog = None;
        }
    }
}

impl Errands {
    pub(super) fn run(self) {
        self.flushed.into_iter().for_each(Waker::wake);
        self.victims.iter().for_each(|victim| victim.send_path().cut_as_victim());
    }
}

impl Backlog {
    fn is_needed(&self) -> bool {
        let Self { flushing, failure, dropped, missed, accounted, is_victim } = self;
        let remembers = *dropped > 0 || *missed != Missed::Nothing || *is_victim;
        remembers || !flushing.is_empty() || failure.is_some() || *accounted > 0
    }
}
