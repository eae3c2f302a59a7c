//! Where the states are kept: each in a cell of its own, without a lock or behind one.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A state that handlers only read: no lock.
#[doc(hidden)]
#[derive(Debug)]
pub struct Plain<T>(T);

/// A state that some handler takes by `&mut`: locked for one call at a time.
#[doc(hidden)]
#[derive(Debug)]
pub struct Guarded<T>(Mutex<T>);

/// A cell that keeps one state.
#[doc(hidden)]
pub trait StateCell<T> {
    const IS_LOCKED: bool;

    fn new(state: T) -> Self;

    /// Looks at the state, and locks it for that time if it has a lock.
    fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R;
}

/// The store of a server that has a state of type `T`. The macro implements it for each state.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this server has no state of type `{T}`",
    label = "this argument needs the state `{T}`",
    note = "write `#[state]` above the type in the module of the server"
)]
pub trait Keeps<T> {
    type Cell: StateCell<T>;

    /// Its place in the order of declaration, in which states are locked.
    const NUMBER: usize;

    fn cell(&self) -> &Self::Cell;
}

impl<T> Plain<T> {
    #[inline]
    pub fn share(&self) -> &T {
        &self.0
    }
}

impl<T> Guarded<T> {
    /// Takes the lock. Poisoning is ignored: a handler that panicked has ended its own connection, not the server, and
    /// the state stays as the handler left it.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.0.try_lock().ok()
    }
}

impl<T> StateCell<T> for Plain<T> {
    const IS_LOCKED: bool = false;

    fn new(state: T) -> Self {
        Self(state)
    }

    fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.0)
    }
}

impl<T> StateCell<T> for Guarded<T> {
    const IS_LOCKED: bool = true;

    fn new(state: T) -> Self {
        Self(Mutex::new(state))
    }

    fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.lock())
    }
}
