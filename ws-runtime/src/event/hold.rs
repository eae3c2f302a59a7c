//! The states that a route in a file of its own takes.
//!
//! Its macro does not see the server's module, so a reference may be a state, with a lock or without one, or anything
//! else that the event gives. The types tell: [`Sought`] becomes what the argument comes from. [`lock_in_order`] then
//! takes the locks of a call in the order of the states' declaration, as the server's own handlers do.

use std::marker::PhantomData;
use std::ops::DerefMut;
use std::sync::MutexGuard;

use super::store::{Guarded, Keeps, Plain, StateCell};
use crate::timer::{Timed, TimedLock};
use crate::{Reject, Server};

/// An argument by `&`, in [`Sought`].
#[doc(hidden)]
#[derive(Debug)]
pub struct ByRef;

/// An argument by `&mut`, in [`Sought`].
#[doc(hidden)]
#[derive(Debug)]
pub struct ByMut;

/// A reference to a `T` that may be a state in the store `K`. Its `hold()` tells: that of [`IsLocked`], else of
/// [`IsWithoutLock`], else of [`IsNoLock`], which the number of references decides by which it is called.
#[doc(hidden)]
#[derive(Debug)]
pub struct Sought<'s, A, T: ?Sized, K> {
    store: &'s K,
    access: PhantomData<A>,
    state: PhantomData<fn(&T)>,
}

impl<'s, A, T: ?Sized, K> Sought<'s, A, T, K> {
    #[must_use]
    pub fn of(store: &'s K) -> Self {
        Self { store, access: PhantomData, state: PhantomData }
    }
}

/// A cell with a lock.
#[doc(hidden)]
pub trait LockCell<T>: StateCell<T> {
    type Lock<'s>: DerefMut<Target = T>
    where
        Self: 's;

    fn acquire(&self) -> Self::Lock<'_>;
}

impl<T> LockCell<T> for Guarded<T> {
    type Lock<'s>
        = MutexGuard<'s, T>
    where
        T: 's;

    #[inline]
    fn acquire(&self) -> MutexGuard<'_, T> {
        self.lock()
    }
}

impl<T> LockCell<T> for Timed<T> {
    type Lock<'s>
        = TimedLock<'s, T>
    where
        T: 's;

    fn acquire(&self) -> TimedLock<'_, T> {
        self.lock()
    }
}

/// It is a state behind a lock.
#[doc(hidden)]
pub trait IsLocked {
    type Hold;

    fn hold(&self) -> Self::Hold;
}

impl<'s, A, T: 's, K: Keeps<T>> IsLocked for &&Sought<'s, A, T, K>
where
    K::Cell: LockCell<T>,
{
    type Hold = Hold<'s, A, T, K::Cell>;

    fn hold(&self) -> Self::Hold {
        Hold { cell: self.store.cell(), number: K::NUMBER, lock: None, access: PhantomData }
    }
}

/// It is a state that is taken by `&mut` and has no lock, which [`assert_locked`] refuses.
#[doc(hidden)]
pub trait IsWithoutLock {
    type Hold;

    fn hold(&self) -> Self::Hold;
}

impl<'s, T: 's, K: Keeps<T, Cell = Plain<T>>> IsWithoutLock for &Sought<'s, ByMut, T, K> {
    type Hold = Refused<'s, T>;

    fn hold(&self) -> Self::Hold {
        Refused(PhantomData)
    }
}

/// It is something else that the event gives, such as the identity, or a state without a lock.
#[doc(hidden)]
pub trait IsNoLock {
    fn hold(&self) -> NoLock;
}

impl<A, T: ?Sized, K> IsNoLock for Sought<'_, A, T, K> {
    fn hold(&self) -> NoLock {
        NoLock
    }
}

/// What a handler waits for before it is called.
#[doc(hidden)]
pub trait Locks {
    /// Its place in the order of the locks.
    fn number(&self) -> usize;

    fn lock(&mut self);
}

/// Takes the locks of a call in the order of the states' declaration, whatever the order of the arguments: so no
/// handler waits for another that waits for it.
#[doc(hidden)]
pub fn lock_in_order(holds: &mut [&mut dyn Locks]) {
    holds.sort_unstable_by_key(|hold| hold.number());
    for hold in holds {
        hold.lock();
    }
}

/// A state behind a lock, held until the handler's value has become a reply.
#[doc(hidden)]
pub struct Hold<'s, A, T, C: LockCell<T>> {
    cell: &'s C,
    number: usize,
    lock: Option<C::Lock<'s>>,
    access: PhantomData<A>,
}

impl<'s, A, T, C: LockCell<T>> Hold<'s, A, T, C> {
    /// The event makes nothing: the state is lent under its lock. Every event could give a [`Server`].
    ///
    /// # Errors
    ///
    /// Never.
    pub fn make(&self, _: impl FnOnce() -> Result<Server, Reject>) -> Result<(), Reject> {
        Ok(())
    }

    fn locked(&mut self) -> &mut C::Lock<'s> {
        self.lock.get_or_insert_with(|| self.cell.acquire())
    }
}

impl<'s, T, C: LockCell<T>> Hold<'s, ByRef, T, C> {
    pub fn lend(&mut self, (): ()) -> &T {
        self.locked()
    }

    /// To a handler that awaits.
    ///
    /// # Panics
    ///
    /// Always: [`assert_not_held`] refuses such a handler.
    #[expect(clippy::unreachable, reason = "refused at compile time")]
    pub fn lend_to_async(self, (): ()) -> &'s T {
        unreachable!("a lock is not held across an `.await`")
    }
}

impl<'s, T, C: LockCell<T>> Hold<'s, ByMut, T, C> {
    pub fn lend(&mut self, (): ()) -> &mut T {
        self.locked()
    }

    /// To a handler that awaits.
    ///
    /// # Panics
    ///
    /// Always: [`assert_not_held`] refuses such a handler.
    #[expect(clippy::unreachable, reason = "refused at compile time")]
    pub fn lend_to_async(self, (): ()) -> &'s mut T {
        unreachable!("a lock is not held across an `.await`")
    }
}

impl<A, T, C: LockCell<T>> Locks for Hold<'_, A, T, C> {
    fn number(&self) -> usize {
        self.number
    }

    fn lock(&mut self) {
        self.locked();
    }
}

/// A state that is taken by `&mut` and has no lock. The compiler has refused it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Refused<'s, T>(PhantomData<&'s T>);

impl<'s, T> Refused<'s, T> {
    /// # Errors
    ///
    /// Never.
    pub fn make(&self, _: impl FnOnce() -> Result<Server, Reject>) -> Result<(), Reject> {
        Ok(())
    }

    /// # Panics
    ///
    /// Always: [`assert_locked`] refuses it.
    #[expect(clippy::unreachable, reason = "refused at compile time")]
    pub fn lend(&mut self, (): ()) -> &'s mut T {
        unreachable!("a state without a lock is not lent by `&mut`")
    }

    /// # Panics
    ///
    /// Always: [`assert_locked`] refuses it.
    pub fn lend_to_async(mut self, (): ()) -> &'s mut T {
        self.lend(())
    }
}

impl<T> Locks for Refused<'_, T> {
    fn number(&self) -> usize {
        usize::MAX
    }

    fn lock(&mut self) {}
}

/// An argument that the event gives.
#[doc(hidden)]
#[derive(Debug)]
pub struct NoLock;

impl NoLock {
    /// Makes the argument, before a lock is taken.
    ///
    /// # Errors
    ///
    /// Why it cannot be made.
    #[inline]
    pub fn make<T>(&self, make: impl FnOnce() -> Result<T, Reject>) -> Result<T, Reject> {
        make()
    }

    #[inline]
    pub fn lend<T>(&mut self, made: T) -> T {
        made
    }

    #[inline]
    pub fn lend_to_async<T>(self, made: T) -> T {
        made
    }
}

impl Locks for NoLock {
    fn number(&self) -> usize {
        usize::MAX
    }

    fn lock(&mut self) {}
}

/// What a type is in the store `K`. An inherent constant takes precedence over that of [`NoState`].
#[doc(hidden)]
#[derive(Debug)]
pub struct StateOf<K, T: ?Sized>(PhantomData<K>, PhantomData<T>);

/// A state that was found in a store.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Found {
    number: usize,
    is_locked: bool,
}

impl<K: Keeps<T>, T> StateOf<K, T> {
    pub const FOUND: Option<Found> = Some(Found { number: K::NUMBER, is_locked: K::Cell::IS_LOCKED });
}

/// A type that is no state of the store.
#[doc(hidden)]
pub trait NoState {
    const FOUND: Option<Found> = None;
}

impl<K, T: ?Sized> NoState for StateOf<K, T> {}

/// Fails to compile if a state that is taken by `&mut` has no lock.
#[doc(hidden)]
#[track_caller]
#[expect(clippy::panic, reason = "runs in the compiler")]
pub const fn assert_locked(state: Option<Found>) {
    if let Some(Found { is_locked: false, .. }) = state {
        panic!(
            "this handler takes a state by `&mut`, and the state has no lock, as the server's module does not see the handlers of \
             this file: write `#[state(lock)]` above the state in the server's module"
        );
    }
}

/// Fails to compile if a handler that awaits takes a state behind a lock.
#[doc(hidden)]
#[track_caller]
#[expect(clippy::panic, reason = "runs in the compiler")]
pub const fn assert_not_held(state: Option<Found>) {
    if let Some(Found { is_locked: true, .. }) = state {
        panic!(
            "this handler awaits, and cannot take this state: it is behind a lock, which must not be held across an `.await`; make the \
             handler a plain `fn`, or let all handlers take the state by `&` and put what changes behind a `Mutex` or an atomic"
        );
    }
}

/// Fails to compile if a handler that awaits takes a state by `&mut`.
#[doc(hidden)]
#[track_caller]
#[expect(clippy::panic, reason = "runs in the compiler")]
pub const fn assert_not_changed(state: Option<Found>) {
    if state.is_some() {
        panic!(
            "this handler awaits, and cannot take a state by `&mut`: the state would stay locked for all connections across an \
             `.await`; make the handler a plain `fn`, or take the state by `&` and put what changes behind a `Mutex` or an atomic"
        );
    }
}

/// Fails to compile if a `blocking` handler takes a state behind a lock.
#[doc(hidden)]
#[track_caller]
#[expect(clippy::panic, reason = "runs in the compiler")]
pub const fn assert_not_held_blocking(state: Option<Found>) {
    if let Some(Found { is_locked: true, .. }) = state {
        panic!(
            "this handler is `blocking`, and cannot take this state: it is behind a lock, which would be held for as long as the handler \
             blocks; let all handlers take the state by `&` and put what changes behind a `Mutex` or an atomic"
        );
    }
}

/// Fails to compile if a `blocking` handler takes a state by `&mut`.
#[doc(hidden)]
#[track_caller]
#[expect(clippy::panic, reason = "runs in the compiler")]
pub const fn assert_not_changed_blocking(state: Option<Found>) {
    if state.is_some() {
        panic!(
            "this handler is `blocking`, and cannot take a state by `&mut`: the state would stay locked for all connections for as long as \
             the handler blocks; take the state by `&` and put what changes behind a `Mutex` or an atomic"
        );
    }
}

/// Fails to compile if two arguments are one state.
#[doc(hidden)]
#[track_caller]
#[expect(clippy::panic, clippy::indexing_slicing, reason = "runs in the compiler")]
pub const fn assert_states_differ(states: &[Option<Found>]) {
    let mut first = 0;
    while first < states.len() {
        let mut second = first + 1;
        while second < states.len() {
            if let (Some(one), Some(other)) = (states[first], states[second])
                && one.number == other.number
            {
                panic!("this handler asks for a state twice: take it once, by `&` or by `&mut`");
            }
            second += 1;
        }
        first += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    struct Noted<'n>(usize, &'n RefCell<Vec<usize>>);

    impl Locks for Noted<'_> {
        fn number(&self) -> usize {
            self.0
        }

        fn lock(&mut self) {
            self.1.borrow_mut().push(self.0);
        }
    }

    #[test]
    fn locks_are_taken_in_the_order_of_declaration() {
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let taken = RefCell::default();
            let [mut first, mut second, mut third] = order.map(|number| Noted(number, &taken));
            lock_in_order(&mut [&mut first, &mut NoLock, &mut second, &mut third]);
            assert_eq!(*taken.borrow(), [0, 1, 2], "{order:?}");
        }
    }

    struct Store {
        read: Plain<u8>,
        changed: Guarded<u16>,
        timed: Timed<u32>,
    }

    macro_rules! keeps {
        ($($number:literal $field:ident: $cell:ident<$state:ty>),*) => { $(
            impl Keeps<$state> for Store {
                type Cell = $cell<$state>;
                const NUMBER: usize = $number;

                fn cell(&self) -> &Self::Cell {
                    &self.$field
                }
            }
        )* };
    }

    keeps!(0 read: Plain<u8>, 1 changed: Guarded<u16>, 2 timed: Timed<u32>);

    #[test]
    #[expect(clippy::needless_borrow, reason = "as the macro writes it, which does not know what is found")]
    fn a_state_is_found_by_its_type() {
        let store = Store { read: StateCell::new(1), changed: StateCell::new(2), timed: StateCell::new(3) };
        let number = |hold: &dyn Locks| hold.number();
        assert_eq!(number(&(&&&Sought::<ByRef, u32, _>::of(&store)).hold()), 2);
        assert_eq!(number(&(&&&Sought::<ByMut, u16, _>::of(&store)).hold()), 1);
        let _: NoLock = (&&&Sought::<ByRef, u8, _>::of(&store)).hold();
        let _: Refused<'_, u8> = (&&&Sought::<ByMut, u8, _>::of(&store)).hold();
        let _: NoLock = (&&&Sought::<ByMut, str, _>::of(&store)).hold();
        assert!(StateOf::<Store, u16>::FOUND.is_some_and(|found| found.is_locked && found.number == 1));
        assert!(StateOf::<Store, u8>::FOUND.is_some_and(|found| !found.is_locked));
        assert!(StateOf::<Store, str>::FOUND.is_none());
    }

    #[test]
    fn a_lock_is_held_as_long_as_what_holds_it() {
        let store = Store { read: StateCell::new(1), changed: StateCell::new(2), timed: StateCell::new(3) };
        {
            let mut hold = (&&&Sought::<ByMut, u16, _>::of(&store)).hold();
            hold.make(|| Err(Reject::forbidden())).unwrap();
            lock_in_order(&mut [&mut hold]);
            *hold.lend(()) += 1;
            assert!(store.changed.try_lock().is_none());
        }
        assert_eq!(store.changed.try_lock().as_deref(), Some(&3));
    }
}
