//! The states that a builder is given, as a list of pairs that ends with `()`: a forgotten one is a compile error.

use std::fmt;
use std::marker::PhantomData;

/// A state that the builder was not given: it is its type's `Default`.
pub struct Unset<T>(PhantomData<fn() -> T>);

/// A state that [`Builder::state`](super::Builder::state) was given.
#[derive(Debug)]
pub struct Given<T>(T);

/// A list in which a state of type `T` is not given yet. `At` says where, so that the compiler finds it.
#[doc(hidden)]
pub trait Awaits<T, At> {
    /// The list in which it is given.
    type Then;

    fn give(self, state: T) -> Self::Then;
}

/// In [`Awaits`]: the first of the list.
#[doc(hidden)]
#[derive(Debug)]
pub struct First;

/// In [`Awaits`]: a later one, at `At` of the rest.
#[doc(hidden)]
#[derive(Debug)]
pub struct Later<At>(PhantomData<At>);

/// Never implemented: the type of a state that is not in the list.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this server cannot be given `{Self}` as a state",
    label = "no `#[state]` of this type waits to be given",
    note = "`.state(…)` takes one value of each type that is marked `#[state]` and `pub`, in any order; a private one is its `Default`",
    note = "give the value itself: the handlers share it without an `Arc`, and it is locked where one takes it by `&mut`"
)]
pub trait InNoList {
    fn never<T>(&self) -> T;
}

/// A list that can make all states, `V`: each is given, or has a `Default`.
#[doc(hidden)]
pub trait StateSources<V>: Send + 'static {
    fn make(self) -> V;
}

/// A state that can be made without being given.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the server was not given its state `{Self}`, which has no `Default`",
    label = "`{Self}` is missing here",
    note = "give it before the server starts: `.state(…)`; or derive `Default` for it"
)]
pub trait DefaultState {
    fn make() -> Self;
}

/// A private state: it cannot be given from outside of its module.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the state `{Self}` is private and has no `Default`, so it is never made",
    label = "has no `Default`",
    note = "derive `Default` for it, or make it `pub` and give it before the server starts: `.state(…)`"
)]
pub trait PrivateState {
    fn make() -> Self;
}

impl<T, R> Awaits<T, First> for (Unset<T>, R) {
    type Then = (Given<T>, R);

    fn give(self, state: T) -> Self::Then {
        (Given(state), self.1)
    }
}

impl<T, At, F, R: Awaits<T, At>> Awaits<T, Later<At>> for (F, R) {
    type Then = (F, R::Then);

    fn give(self, state: T) -> Self::Then {
        (self.0, self.1.give(state))
    }
}

/// The end of the list.
impl<T: InNoList> Awaits<T, First> for () {
    type Then = ();

    fn give(self, state: T) {
        state.never::<()>();
    }
}

impl StateSources<()> for () {
    fn make(self) {}
}

impl<T: DefaultState + 'static, R: StateSources<V>, V> StateSources<(T, V)> for (Unset<T>, R) {
    fn make(self) -> (T, V) {
        (T::make(), self.1.make())
    }
}

impl<T: Send + 'static, R: StateSources<V>, V> StateSources<(T, V)> for (Given<T>, R) {
    fn make(self) -> (T, V) {
        (self.0.0, self.1.make())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Default> DefaultState for T {
    fn make() -> Self {
        T::default()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Default> PrivateState for T {
    fn make() -> Self {
        T::default()
    }
}

impl<T> Default for Unset<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T> fmt::Debug for Unset<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unset")
    }
}
