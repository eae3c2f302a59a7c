//! A lock that shows how things stand behind it to those who do not take it, and wakes others once it is released.
//!
//! This file stands by itself: `tests/tests/status_lock.rs` runs it under loom, with loom's mutex and atomics for std's.

use std::ops::{Deref, DerefMut};
use std::sync::PoisonError;

use super::sync::{AtomicU8, Mutex, MutexGuard, Ordering};

/// What can stand behind a [`StatusLock`].
pub(crate) trait Guarded {
    /// Whoever has to be woken: this wakes them when it is dropped.
    type Wakeups;

    /// How things stand.
    fn status(&self) -> u8;

    /// Whether anybody has to be woken.
    fn has_wakeups(&self) -> bool;

    /// Takes those who have to be woken.
    fn take_wakeups(&mut self) -> Self::Wakeups;
}

/// A lock with a status beside it.
///
/// Whoever is woken sees the status that the waker left, as it is stored before the lock is released and they are woken
/// after it. A waker may run any code, that of another runtime included, so none is called while the lock is held.
#[derive(Debug)]
pub(crate) struct StatusLock<T> {
    guarded: Mutex<T>,
    status: AtomicU8,
}

/// The lock, held.
pub(crate) struct StatusGuard<'l, T: Guarded> {
    guarded: MutexGuard<'l, T>,
    status: &'l AtomicU8,
    /// Fields are dropped in order: the lock is released before anybody is woken. Boxed, as that is seldom.
    wakeups: Option<Box<T::Wakeups>>,
}

impl<T: Guarded> StatusLock<T> {
    pub(crate) fn new(guarded: T) -> Self {
        Self { status: AtomicU8::new(guarded.status()), guarded: Mutex::new(guarded) }
    }

    #[inline]
    pub(crate) fn lock(&self) -> StatusGuard<'_, T> {
        let guarded = self.guarded.lock().unwrap_or_else(PoisonError::into_inner);
        StatusGuard { guarded, status: &self.status, wakeups: None }
    }

    /// Does something with the lock held. What a guard does when it is dropped is done here in line: for messages, which are
    /// many.
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

    /// The status, or that of a moment ago.
    #[inline]
    pub(crate) fn status(&self) -> u8 {
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
