//! A lock with a status that can be read without taking it, and wakeups that run after it is released.
//!
//! This file depends on nothing else in the crate: `tests/tests/status_lock.rs` compiles it with loom's mutex and
//! atomics.

use std::ops::{Deref, DerefMut};
use std::sync::PoisonError;

use super::sync::{AtomicU16, Mutex, MutexGuard, Ordering};

/// A value that a [`StatusLock`] can protect.
pub(crate) trait Guarded {
    /// The tasks to wake. Dropping this wakes them.
    type Wakeups;

    /// The status, as readers without the lock see it.
    fn status(&self) -> u16;

    /// Whether there is a task to wake.
    fn has_wakeups(&self) -> bool;

    /// Takes the tasks to wake.
    fn take_wakeups(&mut self) -> Self::Wakeups;
}

/// A mutex with a status next to it.
///
/// The status is stored before the lock is released, and tasks are woken after it. So a woken task sees the status that
/// the holder of the lock left. A waker may run any code, for example that of another runtime, so none is called while
/// the lock is held.
#[derive(Debug)]
pub(crate) struct StatusLock<T> {
    guarded: Mutex<T>,
    status: AtomicU16,
}

/// The lock, held.
pub(crate) struct StatusGuard<'l, T: Guarded> {
    guarded: MutexGuard<'l, T>,
    status: &'l AtomicU16,
    /// Fields are dropped in order, so the lock is released before tasks are woken. Boxed, as there is seldom one.
    wakeups: Option<Box<T::Wakeups>>,
}

impl<T: Guarded> StatusLock<T> {
    pub(crate) fn new(guarded: T) -> Self {
        Self { status: AtomicU16::new(guarded.status()), guarded: Mutex::new(guarded) }
    }

    #[inline]
    pub(crate) fn lock(&self) -> StatusGuard<'_, T> {
        let guarded = self.guarded.lock().unwrap_or_else(PoisonError::into_inner);
        StatusGuard { guarded, status: &self.status, wakeups: None }
    }

    /// Does something with the lock held. The same as a guard, but faster, for what happens with each message.
    #[inline]
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut T) -> R) -> R {
        let mut guarded = self.guarded.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut guarded);
        self.status.store(guarded.status(), Ordering::Release);
        let wakeups = if guarded.has_wakeups() { Some(guarded.take_wakeups()) } else { None };
        drop(guarded);
        drop(wakeups);
        result
    }

    /// The status, read without the lock: it may be out of date.
    #[inline]
    pub(crate) fn status(&self) -> u16 {
        self.status.load(Ordering::Acquire)
    }
}

impl<T: Guarded> Deref for StatusGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.guarded
    }
}

impl<T: Guarded> DerefMut for StatusGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guarded
    }
}

impl<T: Guarded> Drop for StatusGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.status.store(self.guarded.status(), Ordering::Release);
        if self.guarded.has_wakeups() {
            self.wakeups = Some(Box::new(self.guarded.take_wakeups()));
        }
    }
}
