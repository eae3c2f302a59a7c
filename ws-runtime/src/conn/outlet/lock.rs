//! The lock around the way out, and what may be known without it.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::{Outlet, Phase, Wakeups};
use crate::options::Options;

/// The outlet of one connection behind its lock.
///
/// The lock is held for as long as it takes to append bytes or to write them without waiting, never across an `.await`
/// and never while user code runs, the log's subscribers included.
#[derive(Debug)]
pub(in crate::conn) struct OutletLock {
    outlet: Mutex<Outlet>,
    /// The phase, [`UNWRITTEN`], [`OVERFULL`] and [`SPENT`], to be read without the lock where a moment's delay does no harm.
    glance: AtomicU8,
}

/// Set in a glance while the outlet has something to write.
const UNWRITTEN: u8 = 0x80;
/// Set in a glance while it holds more than it should.
const OVERFULL: u8 = 0x40;
/// Set in a glance while it has something to be dropped without the lock.
const SPENT: u8 = 0x20;

/// An outlet that is locked.
pub(in crate::conn) struct OutletGuard<'o> {
    outlet: MutexGuard<'o, Outlet>,
    lock: &'o OutletLock,
    /// Dropped after the lock, as fields are dropped in order.
    released: Released,
}

/// Wakes those who are to be woken, where the lock is held no longer.
#[derive(Default)]
struct Released {
    task: Option<Waker>,
    wakeups: Wakeups,
}

impl OutletLock {
    pub(in crate::conn) fn new(options: &Options) -> Self {
        Self { outlet: Mutex::new(Outlet::new(options)), glance: AtomicU8::new(Phase::Opening as u8) }
    }

    pub(in crate::conn) fn lock(&self) -> OutletGuard<'_> {
        let outlet = self.outlet.lock().unwrap_or_else(PoisonError::into_inner);
        OutletGuard { outlet, lock: self, released: Released::default() }
    }

    /// How far the connection has come, or had a moment ago.
    #[inline]
    pub(in crate::conn) fn phase(&self) -> Phase {
        match self.glance.load(Ordering::Acquire) & !(UNWRITTEN | OVERFULL | SPENT) {
            0 => Phase::Opening,
            1 => Phase::Ready,
            2 => Phase::Finishing,
            3 => Phase::Closing,
            _ => Phase::Gone,
        }
    }

    /// Whether messages may be sent and nothing waits before them, or did a moment ago.
    #[inline]
    pub(in crate::conn) fn is_free(&self) -> bool {
        let glance = self.glance.load(Ordering::Acquire);
        glance == Phase::Ready as u8 || glance == Phase::Finishing as u8
    }

    /// Whether more waits than should, or did a moment ago.
    #[inline]
    pub(in crate::conn) fn is_overfull(&self) -> bool {
        self.glance.load(Ordering::Acquire) & OVERFULL != 0
    }

    /// Whether there is, or was a moment ago, something to write.
    #[inline]
    pub(in crate::conn) fn has_unwritten(&self) -> bool {
        self.glance.load(Ordering::Acquire) & UNWRITTEN != 0
    }

    /// Whether there is something to be dropped without the lock, or was a moment ago.
    #[inline]
    pub(in crate::conn) fn has_spent(&self) -> bool {
        self.glance.load(Ordering::Acquire) & SPENT != 0
    }
}

impl Deref for OutletGuard<'_> {
    type Target = Outlet;

    fn deref(&self) -> &Outlet {
        &self.outlet
    }
}

impl DerefMut for OutletGuard<'_> {
    fn deref_mut(&mut self) -> &mut Outlet {
        &mut self.outlet
    }
}

impl Drop for OutletGuard<'_> {
    fn drop(&mut self) {
        let unwritten = if self.outlet.has_unwritten() { UNWRITTEN } else { 0 };
        let overfull = if self.outlet.outbox.len() > self.outlet.limit { OVERFULL } else { 0 };
        let spent = if self.outlet.outbox.has_spent() { SPENT } else { 0 };
        self.lock.glance.store(self.outlet.phase as u8 | unwritten | overfull | spent, Ordering::Release);
        if self.outlet.has_wakeups() {
            let (wakeups, task) = self.outlet.take_wakeups();
            self.released = Released { task, wakeups };
        }
    }
}

impl Drop for Released {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.wake();
        }
        self.wakeups.wake_flushing();
    }
}
