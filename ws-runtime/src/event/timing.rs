//! A timer that is due, on its way to its handler, and the arguments of that.

use std::borrow::Borrow;
use std::marker::PhantomData;

use super::dispatch::{ConnEvent, RouteEvent};
use super::store::{Guarded, Hold, Locked, Plain, Shared, Withheld};
use super::{ConnContext, FromContext, Outcome, Route};
use crate::Reject;
use crate::generated::BoxFuture;
use crate::timer::{Fired, TimerField, Timers};

/// A handler of a session's timers, with the types of its field and its key erased.
#[doc(hidden)]
pub trait SessionTimer<R: Route>: Sync {
    /// The name of the handler, for the log.
    fn name(&self) -> &'static str;

    /// Shows the timers of its field, as the handler with this number.
    fn show(&self, number: usize, session: &mut R::Session, timers: &mut Timers);

    /// Calls the handler, unless the timer is no longer due.
    fn run<'a>(&self, event: RouteEvent<'a, R, Fired>) -> Called<'a>;
}

/// A handler that was called.
#[doc(hidden)]
pub enum Called<'a> {
    /// It was a plain one, or it was not run.
    Done(Outcome),
    /// It is an `async` one, and must be awaited.
    Later(BoxFuture<'a, Outcome>),
}

/// A timer that has fired, with its key. `E` is the event of its owner.
#[doc(hidden)]
pub struct TimerEvent<'a, Key, E> {
    key: &'a Key,
    event: E,
}

/// The context of a timer: that of its owner, and the key.
#[doc(hidden)]
#[derive(Debug)]
pub struct TimerContext<'a, Key, C> {
    key: &'a Key,
    owner: C,
}

/// A declared timer: its field and its handler.
struct Declared<O, T, F, H> {
    name: &'static str,
    field: F,
    handler: H,
    types: PhantomData<fn() -> (O, T)>,
}

/// A handler that is a plain function.
struct InPlace<H>(H);

/// A handler whose future is boxed: a closure cannot say that its own future is `Send`.
struct Boxed<H>(H);

/// Declares a timer of the session with a plain handler.
pub const fn session_timer<R, T, F, H>(name: &'static str, field: F, handler: H) -> impl SessionTimer<R>
where
    R: Route,
    T: TimerField + 'static,
    F: for<'s> Fn(&'s mut R::Session) -> Option<&'s mut T> + Sync,
    H: for<'a> Fn(TimerEvent<'a, T::Key, RouteEvent<'a, R>>) -> Outcome + Sync,
{
    Declared { name, field, handler: InPlace(handler), types: PhantomData }
}

/// Declares a timer of the session with an `async` handler.
pub const fn session_timer_async<R, T, F, H>(name: &'static str, field: F, handler: H) -> impl SessionTimer<R>
where
    R: Route,
    T: TimerField + 'static,
    F: for<'s> Fn(&'s mut R::Session) -> Option<&'s mut T> + Sync,
    H: for<'a> Fn(TimerEvent<'a, T::Key, RouteEvent<'a, R>>) -> BoxFuture<'a, Outcome> + Sync,
{
    Declared { name, field, handler: Boxed(handler), types: PhantomData }
}

/// Calls a handler, plain or `async`.
trait Call<'a, E>: Sync {
    fn call(&self, event: E) -> Called<'a>;
}

impl<'a, E, H: Fn(E) -> Outcome + Sync> Call<'a, E> for InPlace<H> {
    fn call(&self, event: E) -> Called<'a> {
        Called::Done((self.0)(event))
    }
}

impl<'a, E, H: Fn(E) -> BoxFuture<'a, Outcome> + Sync> Call<'a, E> for Boxed<H> {
    fn call(&self, event: E) -> Called<'a> {
        Called::Later((self.0)(event))
    }
}

impl<R, T, F, H> SessionTimer<R> for Declared<R, T, F, H>
where
    R: Route,
    T: TimerField + 'static,
    F: for<'s> Fn(&'s mut R::Session) -> Option<&'s mut T> + Sync,
    H: for<'a> Call<'a, TimerEvent<'a, T::Key, RouteEvent<'a, R>>>,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn show(&self, number: usize, session: &mut R::Session, timers: &mut Timers) {
        if let Some(field) = (self.field)(session) {
            timers.show(number, field);
        }
    }

    fn run<'a>(&self, event: RouteEvent<'a, R, Fired>) -> Called<'a> {
        match event.fire(&self.field) {
            Some(event) => self.handler.call(event),
            None => Called::Done(Ok(())),
        }
    }
}

impl<'a, K, Se: 'static> ConnEvent<'a, K, Se, Fired> {
    /// Stops the timer in the field of the session; `None` if it is no longer due.
    fn fire<T: TimerField>(
        self,
        field: impl Fn(&mut Se) -> Option<&mut T>,
    ) -> Option<TimerEvent<'a, T::Key, ConnEvent<'a, K, Se, ()>>> {
        let (fired, mut event) = self.take_payload();
        let key = fired.fire(field(event.session_mut()?)?)?;
        Some(TimerEvent { key, event })
    }
}

impl<'a, Key, K, Se: 'static> TimerEvent<'a, Key, ConnEvent<'a, K, Se, ()>> {
    /// The context of an `async` handler if the state is behind a lock.
    #[must_use]
    pub fn withheld(self) -> TimerContext<'a, Key, ConnContext<'a, Withheld, Se, ()>> {
        TimerContext { key: self.key, owner: self.event.withheld() }
    }
}

impl<'a, Key, T, Se: 'static> TimerEvent<'a, Key, ConnEvent<'a, Plain<T>, Se, ()>> {
    /// The context of a handler if the state needs no lock.
    #[must_use]
    pub fn shared(self) -> TimerContext<'a, Key, ConnContext<'a, Shared<'a, T>, Se, ()>> {
        TimerContext { key: self.key, owner: self.event.shared() }
    }
}

impl<'a, Key, T, Se: 'static> TimerEvent<'a, Key, ConnEvent<'a, Guarded<T>, Se, ()>> {
    /// The context of a handler that may take the lock on the state.
    #[must_use]
    pub fn locked<'h>(
        self,
        hold: &'h mut Hold<'a, T>,
    ) -> TimerContext<'h, Key, ConnContext<'h, Locked<'h, 'a, T>, Se, ()>> {
        TimerContext { key: self.key, owner: self.event.locked(hold) }
    }
}

/// Marks arguments that are the key of the timer.
#[doc(hidden)]
#[derive(Debug)]
pub struct ViaKey;

/// Marks arguments that are the key of the timer, by value.
#[doc(hidden)]
#[derive(Debug)]
pub struct ViaOwnedKey;

/// Marks arguments that come from the context of the timer's owner.
#[doc(hidden)]
#[derive(Debug)]
pub struct ViaOwner;

/// Writes the trait for the arguments of one kind of timers.
macro_rules! arguments_of {
    ($(#[doc = $doc:literal])* $trait:ident, $message:literal, $offer:literal) => {
        $(#[doc = $doc])*
        #[diagnostic::on_unimplemented(
            message = $message,
            label = "neither the key of the timer, `{Key}`, nor anything else that this event gives",
            note = $offer,
            note = "a type of your own can be taken too: implement `ws_runtime::event::FromContext` for it"
        )]
        pub trait $trait<'a, Key, C, Via>: Sized {
            /// Makes the argument, just before the handler is called.
            #[doc(hidden)]
            fn from_event(context: &mut TimerContext<'a, Key, C>) -> Result<Self, Reject>;
        }

        #[diagnostic::do_not_recommend]
        impl<'a, Key: Borrow<T>, C, T: ?Sized> $trait<'a, Key, C, ViaKey> for &'a T {
            fn from_event(context: &mut TimerContext<'a, Key, C>) -> Result<Self, Reject> {
                Ok(context.key.borrow())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'a, Key: Clone, C> $trait<'a, Key, C, ViaOwnedKey> for Key {
            fn from_event(context: &mut TimerContext<'a, Key, C>) -> Result<Self, Reject> {
                Ok(context.key.clone())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'a, Key, C, T: FromContext<'a, C>> $trait<'a, Key, C, ViaOwner> for T {
            fn from_event(context: &mut TimerContext<'a, Key, C>) -> Result<Self, Reject> {
                T::from_context(&mut context.owner)
            }
        }
    };
}

arguments_of! {
    /// What a handler of `#[timer(…)]` can take if the timer is in the session: the index or the key, where the field
    /// holds several timers, `&Conn`, `&Server`, the session and the state.
    FromTimer,
    "a `timer` handler cannot take `{Self}`",
    "a `timer` handler of the session can take, in any order: the index as `usize` or the key by `&`, where the field holds several timers, `&Conn`, `&Server`, the `#[session]` by `&` or `&mut`, the `#[state]` by `&` or `&mut`"
}
