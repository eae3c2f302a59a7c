//! What can be read of the send path without its lock.

use std::task::Waker;

use super::backlog::Errands;
use super::lock::{Guarded, StatusLock};
use super::{Phase, SendPath};

/// Set in a status while something waits to be written.
const UNWRITTEN: u16 = 0x80;
/// Set in a status while the outbox is over its limit.
const OVERFULL: u16 = 0x40;
/// Set in a status while buffers are to be dropped without the lock.
const DISCARDED: u16 = 0x20;
/// Set in a status until `ready` has ended.
const HOLDS_BACK: u16 = 0x10;
/// Set in a status if the oldest messages are dropped for newer ones: what is corked could not be told apart.
const DROPS_OLDEST: u16 = 0x08;
/// Set in a status while `#[on(drain)]` is due.
const DRAINED: u16 = 0x100;

/// The statuses in which messages may be sent and nothing waits before them.
const READY: u16 = Phase::Ready as u16;
const FINISHING: u16 = Phase::Finishing as u16;

/// The tasks to wake once the lock is released.
#[derive(Debug, Default)]
pub(in crate::conn) struct Wakeups {
    task: Option<Waker>,
    errands: Option<Box<Errands>>,
}

impl Guarded for SendPath {
    type Wakeups = Wakeups;

    #[inline]
    fn status(&self) -> u16 {
        let mut status = self.phase as u16;
        if self.has_unwritten() {
            status |= UNWRITTEN;
        }
        if self.is_overfull() {
            status |= OVERFULL;
        }
        if self.outbox.has_discarded() {
            status |= DISCARDED;
        }
        if self.holds_back() {
            status |= HOLDS_BACK;
        }
        if self.drops_oldest() {
            status |= DROPS_OLDEST;
        }
        if self.is_drained() {
            status |= DRAINED;
        }
        status
    }

    #[inline]
    fn has_wakeups(&self) -> bool {
        self.wakes_task || self.errands.is_some()
    }

    fn take_wakeups(&mut self) -> Wakeups {
        let task = if std::mem::take(&mut self.wakes_task) { self.task.clone() } else { None };
        Wakeups { task, errands: self.errands.take() }
    }
}

impl Drop for Wakeups {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.wake();
        }
        if let Some(errands) = self.errands.take() {
            errands.run();
        }
    }
}

impl StatusLock<SendPath> {
    /// The phase of the connection. It may be out of date, as all that is read without the lock.
    #[inline]
    pub(in crate::conn) fn phase(&self) -> Phase {
        match self.status() & !(UNWRITTEN | OVERFULL | DISCARDED | HOLDS_BACK | DROPS_OLDEST | DRAINED) {
            0 => Phase::Opening,
            1 => Phase::Ready,
            2 => Phase::Finishing,
            3 => Phase::Closing,
            _ => Phase::Gone,
        }
    }

    /// Whether messages may be sent and nothing waits before them, and `ready` has ended.
    #[inline]
    pub(in crate::conn) fn is_free(&self) -> bool {
        matches!(self.status(), READY | FINISHING)
    }

    /// Whether what other tasks send is held back, until `ready` has ended.
    #[inline]
    pub(in crate::conn) fn holds_back(&self) -> bool {
        self.status() & HOLDS_BACK != 0
    }

    /// Whether the outbox is over its limit.
    #[inline]
    pub(in crate::conn) fn is_overfull(&self) -> bool {
        self.status() & OVERFULL != 0
    }

    /// Whether there is something to write.
    #[inline]
    pub(in crate::conn) fn has_unwritten(&self) -> bool {
        self.status() & UNWRITTEN != 0
    }

    /// Whether `#[on(drain)]` is due.
    #[inline]
    pub(in crate::conn) fn is_drained(&self) -> bool {
        self.status() & DRAINED != 0
    }

    /// Whether there are buffers to be dropped without the lock.
    #[inline]
    pub(in crate::conn) fn has_discarded(&self) -> bool {
        self.status() & DISCARDED != 0
    }
}
