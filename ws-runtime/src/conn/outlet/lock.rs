//! The lock around the way out, and what may be known without it.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Outlet, Phase};
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
    /// The connection's task keeps frames of its own, see [`hold`](Self::hold).
    held: AtomicBool,
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
}

impl OutletLock {
    pub(in crate::conn) fn new(options: &Options) -> Self {
        Self {
            outlet: Mutex::new(Outlet::new(options)),
            glance: AtomicU8::new(Phase::Opening as u8),
            held: AtomicBool::new(false),
        }
    }

    pub(in crate::conn) fn lock(&self) -> OutletGuard<'_> {
        let mut outlet = self.outlet.lock().unwrap_or_else(PoisonError::into_inner);
        outlet.held = self.held.load(Ordering::Relaxed);
        OutletGuard { outlet, lock: self }
    }

    /// The connection's task begins to keep frames that are taken for sending. What others send from now on waits for
    /// them, or it would overtake them: who was told of one must not come before it.
    ///
    /// Whoever was told is told by something that orders this store before their load.
    #[inline]
    pub(in crate::conn) fn hold(&self) {
        self.held.store(true, Ordering::Relaxed);
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

impl OutletGuard<'_> {
    /// The connection's task hands over what it kept.
    pub(in crate::conn) fn let_go(&mut self) {
        self.lock.held.store(false, Ordering::Relaxed);
        self.outlet.held = false;
    }
}

impl Drop for OutletGuard<'_> {
    fn drop(&mut self) {
        let unwritten = if self.outlet.has_unwritten() { UNWRITTEN } else { 0 };
        let overfull = if self.outlet.outbox.len() > self.outlet.limit { OVERFULL } else { 0 };
        let spent = if self.outlet.outbox.has_spent() { SPENT } else { 0 };
        self.lock.glance.store(self.outlet.phase as u8 | unwritten | overfull | spent, Ordering::Release);
    }
}
