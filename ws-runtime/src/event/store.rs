//! The store of the state: without a lock, or behind one.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The store of a server's state: without a lock, or behind one if some handler changes the state.
#[doc(hidden)]
pub trait Store: Send + Sync + 'static {
    /// The user's type.
    type State;

    fn new(state: Self::State) -> Self;
}

/// State that handlers only read: no lock.
#[doc(hidden)]
#[derive(Debug)]
pub struct Plain<T>(T);

/// State that some handler takes by `&mut`: locked for one call at a time.
#[doc(hidden)]
#[derive(Debug)]
pub struct Guarded<T>(Mutex<T>);

impl<T: Send + Sync + 'static> Store for Plain<T> {
    type State = T;

    fn new(state: T) -> Self {
        Self(state)
    }
}

impl<T: Send + 'static> Store for Guarded<T> {
    type State = T;

    fn new(state: T) -> Self {
        Self(Mutex::new(state))
    }
}

impl<T> Plain<T> {
    pub(crate) fn share(&self) -> Shared<'_, T> {
        Shared(&self.0)
    }
}

/// Access to a state without a lock.
#[doc(hidden)]
#[derive(Debug)]
pub struct Shared<'a, T>(&'a T);

impl<'a, T> Shared<'a, T> {
    #[doc(hidden)]
    pub fn get(self) -> &'a T {
        self.0
    }
}

/// Keeps the lock on the state during a handler's call: it is taken when an argument needs the state, and released when
/// the call has ended.
#[doc(hidden)]
#[derive(Debug)]
pub struct Hold<'s, T>(Option<MutexGuard<'s, T>>);

impl<T> Hold<'_, T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn open() -> Self {
        Self(None)
    }
}

/// Access to a state behind a lock.
#[doc(hidden)]
#[derive(Debug)]
pub struct Locked<'a, 's, T> {
    lock: &'s Mutex<T>,
    hold: &'a mut Hold<'s, T>,
}

impl<'s, T> Guarded<T> {
    pub(crate) fn lock<'a>(&'s self, hold: &'a mut Hold<'s, T>) -> Locked<'a, 's, T> {
        Locked { lock: &self.0, hold }
    }
}

impl<'a, T> Locked<'a, '_, T> {
    /// Takes the lock. Poisoning is ignored: a handler that panicked has ended its own connection, not the server, and
    /// the state stays as the handler left it.
    #[doc(hidden)]
    pub fn get(self) -> &'a mut T {
        self.hold.0.insert(self.lock.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// No access to the state: for `async` handlers if some handler takes the state by `&mut`. The lock must not be held
/// across an `.await`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Withheld;
