//! The timers that a server declares: each with its field and its handler, whose types are erased.

use std::marker::PhantomData;
use std::sync::Arc;

use super::{Fired, Firing, Timed, TimerField, Timers};
use crate::event::{
    Outcome, RoomEvent, Route, RouteEvent, ServerEvent, Service, StateTimerEvent, TimerEvent,
};
use crate::generated::BoxFuture;
use crate::server::Hosted;

/// A timer of the session.
#[doc(hidden)]
pub trait SessionTimer<R: Route>: Sync {
    /// The name of the handler, for the log.
    fn name(&self) -> &'static str;

    /// Shows the timers of its field, as the handler with this number.
    fn show(&self, number: usize, session: &mut R::Session, timers: &mut Timers);

    /// Stops the timer and calls the handler, unless the timer is no longer due.
    fn run<'a>(&self, event: RouteEvent<'a, R, Fired>) -> Called<'a>;
}

/// Stops a timer of a state of type `O`.
#[doc(hidden)]
pub trait Fires<O>: Sync {
    /// Stops the timer. Returns false if it is no longer due.
    fn fire(&self, fired: &Fired, state: &mut O) -> bool;
}

/// A timer of a state of type `O`.
#[doc(hidden)]
pub trait StateTimer<S: Service, O>: Fires<O> {
    /// The name of the handler, for the log.
    fn name(&self) -> &'static str;

    /// Shows the timers of its field, as the handler with this number.
    fn show(&self, number: usize, state: &mut O, timers: &mut Timers);

    /// Calls the handler, which first stops the timer under the lock on the state.
    fn run<'a>(&'a self, event: ServerEvent<'a, S::Store>, fired: &'a Fired) -> Called<'a>;
}

/// A timer of a room.
#[doc(hidden)]
pub trait RoomTimer<R: Route>: Fires<R::Room> {
    /// The name of the handler, for the log.
    fn name(&self) -> &'static str;

    /// Shows the timers of its field, as the handler with this number.
    fn show(&self, number: usize, room: &mut R::Room, timers: &mut Timers);

    /// Calls the handler, which first waits for the lock on the room, and stops the timer under it.
    fn run<'a>(&'a self, event: RoomEvent<'a, R>, fired: &'a Fired) -> Called<'a>;
}

/// A state with timers.
#[doc(hidden)]
pub trait TimedState<S: Service>: Sync {
    /// Runs the handlers of its timers until the server closes its connections.
    fn run(&'static self, host: Host<S>) -> BoxFuture<'static, ()>;
}

/// The server whose timers run.
#[doc(hidden)]
pub struct Host<S: Service>(pub(crate) Arc<Hosted<S>>);

/// A handler that was called.
#[doc(hidden)]
pub enum Called<'a> {
    /// It was a plain one, or it was not run.
    Done(Outcome),
    /// It is an `async` one, and must be awaited.
    Later(BoxFuture<'a, Outcome>),
}

impl Called<'_> {
    /// Waits until the handler has ended.
    pub(crate) async fn ended(self) -> Outcome {
        match self {
            Self::Done(outcome) => outcome,
            Self::Later(handler) => handler.await,
        }
    }
}

/// Declares a timer of the session with a plain handler.
pub const fn session_timer<R, T, F, H>(name: &'static str, field: F, handler: H) -> impl SessionTimer<R>
where
    R: Route,
    T: TimerField + 'static,
    F: for<'s> Fn(&'s mut R::Session) -> Option<&'s mut T> + Sync,
    H: for<'a> Fn(TimerEvent<'a, T::Key, RouteEvent<'a, R>>) -> Outcome + Sync,
{
    Declared { name, field, handler: InPlace(handler), types: PhantomData::<fn() -> (R, T)> }
}

/// Declares a timer of the session with an `async` handler.
pub const fn session_timer_async<R, T, F, H>(name: &'static str, field: F, handler: H) -> impl SessionTimer<R>
where
    R: Route,
    T: TimerField + 'static,
    F: for<'s> Fn(&'s mut R::Session) -> Option<&'s mut T> + Sync,
    H: for<'a> Fn(TimerEvent<'a, T::Key, RouteEvent<'a, R>>) -> BoxFuture<'a, Outcome> + Sync,
{
    Declared { name, field, handler: Boxed(handler), types: PhantomData::<fn() -> (R, T)> }
}

/// Declares a timer of a state with a plain handler.
pub const fn state_timer<S, O, T, F, H>(name: &'static str, field: F, handler: H) -> impl StateTimer<S, O>
where
    S: Service,
    T: TimerField + 'static,
    O: 'static,
    F: for<'s> Fn(&'s mut O) -> Option<&'s mut T> + Sync,
    H: for<'a> Fn(StateTimerEvent<'a, O, T::Key, ServerEvent<'a, S::Store>>) -> Outcome + Sync,
{
    Declared { name, field, handler: InPlace(handler), types: PhantomData::<fn() -> (O, T)> }
}

/// Declares a timer of a state with an `async` handler.
pub const fn state_timer_async<S, O, T, F, H>(
    name: &'static str,
    field: F,
    handler: H,
) -> impl StateTimer<S, O>
where
    S: Service,
    T: TimerField + 'static,
    O: 'static,
    F: for<'s> Fn(&'s mut O) -> Option<&'s mut T> + Sync,
    H: for<'a> Fn(StateTimerEvent<'a, O, T::Key, ServerEvent<'a, S::Store>>) -> BoxFuture<'a, Outcome> + Sync,
{
    Declared { name, field, handler: Boxed(handler), types: PhantomData::<fn() -> (O, T)> }
}

/// Declares a timer of a room. Its handler waits for the lock on the room, so it is always awaited.
pub const fn room_timer<R, T, F, H>(name: &'static str, field: F, handler: H) -> impl RoomTimer<R>
where
    R: Route,
    T: TimerField + 'static,
    F: for<'s> Fn(&'s mut R::Room) -> Option<&'s mut T> + Sync,
    H: for<'a> Fn(StateTimerEvent<'a, R::Room, T::Key, RoomEvent<'a, R>>) -> BoxFuture<'a, Outcome> + Sync,
{
    OfRoom { name, field, handler, types: PhantomData::<fn() -> (R, T)> }
}

/// A state with timers, as it is declared. A literal, so that the list may stand in it.
#[doc(hidden)]
pub struct StateTimers<S: Service, O: 'static> {
    pub cell: fn(&S::Store) -> &Timed<O>,
    pub timers: &'static [&'static dyn StateTimer<S, O>],
}

impl<S: Service, O: Send + 'static> TimedState<S> for StateTimers<S, O> {
    fn run(&'static self, Host(hosted): Host<S>) -> BoxFuture<'static, ()> {
        Box::pin(async move { hosted.run_timers((self.cell)(&hosted.store), self.timers).await })
    }
}

/// A declared timer. `Types` are those of its owner and its field.
struct Declared<Types, F, H> {
    name: &'static str,
    field: F,
    handler: H,
    types: PhantomData<Types>,
}

/// A declared timer of a room. A type of its own: a state and a room may be of one type.
struct OfRoom<Types, F, H> {
    name: &'static str,
    field: F,
    handler: H,
    types: PhantomData<Types>,
}

/// A handler that is a plain function.
struct InPlace<H>(H);

/// A handler whose future is boxed: a closure cannot say that its own future is `Send`.
struct Boxed<H>(H);

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

impl<R, T, F, H> SessionTimer<R> for Declared<fn() -> (R, T), F, H>
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

impl<S, O, T, F, H> StateTimer<S, O> for Declared<fn() -> (O, T), F, H>
where
    S: Service,
    T: TimerField + 'static,
    O: 'static,
    F: for<'s> Fn(&'s mut O) -> Option<&'s mut T> + Sync,
    H: for<'a> Call<'a, StateTimerEvent<'a, O, T::Key, ServerEvent<'a, S::Store>>>,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn show(&self, number: usize, state: &mut O, timers: &mut Timers) {
        if let Some(field) = (self.field)(state) {
            timers.show(number, field);
        }
    }

    fn run<'a>(&'a self, event: ServerEvent<'a, S::Store>, fired: &'a Fired) -> Called<'a> {
        match fired.key::<T>() {
            Some(key) => {
                let firing = Firing::new(fired, self);
                self.handler.call(StateTimerEvent::new(firing, key, event))
            }
            None => Called::Done(Ok(())),
        }
    }
}

impl<R, T, F, H> RoomTimer<R> for OfRoom<fn() -> (R, T), F, H>
where
    R: Route,
    T: TimerField + 'static,
    F: for<'s> Fn(&'s mut R::Room) -> Option<&'s mut T> + Sync,
    H: for<'a> Fn(StateTimerEvent<'a, R::Room, T::Key, RoomEvent<'a, R>>) -> BoxFuture<'a, Outcome> + Sync,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn show(&self, number: usize, room: &mut R::Room, timers: &mut Timers) {
        if let Some(field) = (self.field)(room) {
            timers.show(number, field);
        }
    }

    fn run<'a>(&'a self, event: RoomEvent<'a, R>, fired: &'a Fired) -> Called<'a> {
        match fired.key::<T>() {
            Some(key) => {
                let firing = Firing::new(fired, self);
                Called::Later((self.handler)(StateTimerEvent::new(firing, key, event)))
            }
            None => Called::Done(Ok(())),
        }
    }
}

impl<R, T, F, H> Fires<R::Room> for OfRoom<fn() -> (R, T), F, H>
where
    R: Route,
    T: TimerField + 'static,
    F: for<'s> Fn(&'s mut R::Room) -> Option<&'s mut T> + Sync,
    H: Sync,
{
    fn fire(&self, fired: &Fired, room: &mut R::Room) -> bool {
        (self.field)(room).is_some_and(|field| fired.fire(field).is_some())
    }
}

impl<O, T, F, H> Fires<O> for Declared<fn() -> (O, T), F, H>
where
    T: TimerField + 'static,
    F: for<'s> Fn(&'s mut O) -> Option<&'s mut T> + Sync,
    H: Sync,
{
    fn fire(&self, fired: &Fired, state: &mut O) -> bool {
        (self.field)(state).is_some_and(|field| fired.fire(field).is_some())
    }
}
