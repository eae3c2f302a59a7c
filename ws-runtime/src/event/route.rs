//! A route as the runtime sees it: the session, the rooms and the handlers of a group of connections.

use std::future::{Future, ready};

use super::dispatch::{OpeningEvent, RouteEvent};
use super::outcome::{Failure, Handled, Outcome};
use super::rooms::RoomEvent;
use super::{Admission, Binary, Close, Service, Utf8};
use crate::generated::BoxFuture;
use crate::message::{Beside, Envelope, Keys, Limit, Limited, Running};
use crate::options::Attribute;
use crate::room::{RoomRules, RoomState};
use crate::route::{PathChecks, Place};
use crate::tick::Ticks;
use crate::timer::{RoomTimer, SessionTimer};
use crate::{Handshake, Reject};

/// A route: the session of its connections, and their handlers.
///
/// Each event has a method, and a constant with the handler's name for the log. If the module has no handler for an
/// event, the method does nothing and the name is the event's.
///
/// A message has two methods. The first runs a plain handler, which borrows the message from the read buffer. For an
/// `async` handler, and where another handler has the lock on the room, it returns [`Handled::Later`]; then the second
/// method gets the message again, owned. That of a named message may also run beside others, by a third. A `blocking`
/// handler runs by a method of its own instead of the second.
#[doc(hidden)]
pub trait Route: Sized + Send + Sync + 'static {
    /// The server that the route belongs to.
    type Server: Service;
    /// The type marked `#[session]`, or `()`.
    type Session: Send + 'static;
    /// The type marked `#[room]`, or `()`.
    type Room: RoomState;

    /// Its module, by which its pushes are known.
    const MODULE: &'static str = "";

    /// Its path, and where that was declared. A server without routes has none.
    #[must_use]
    fn place() -> Place {
        Place::new("/", "", 0)
    }

    /// Checks the `Path` of each handler by the names of the parameters, as far as that was not done at compile time.
    fn check_paths(checks: &mut PathChecks<'_>) {
        let _ = checks;
    }

    /// Runs the guards of its path, those of outer routes first.
    fn guard_route<'a>(
        event: OpeningEvent<'a, Self::Server, Handshake>,
    ) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
    }

    /// Sets the options of the route, and then those of the routes around it that it does not set itself.
    fn attribute(attribute: &mut Attribute<'_>) {
        let _ = attribute;
    }

    const HANDSHAKE: &'static str = "handshake";

    /// Accepts a handshake and makes the session and the identity, or refuses it.
    fn handshake<'a>(
        event: OpeningEvent<'a, Self::Server, Handshake>,
    ) -> impl Future<Output = Result<Admission<Self::Session>, Reject>> + Send;

    const READY: &'static str = "ready";

    fn ready<'a>(event: RouteEvent<'a, Self>) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
    }

    const UTF8: &'static str = "utf8";

    fn utf8<'a>(event: RouteEvent<'a, Self, Utf8<'a>>) -> Result<Handled, Failure> {
        let _ = event;
        Ok(Handled::Done)
    }

    fn utf8_later<'a>(event: RouteEvent<'a, Self, Utf8<'a>>) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
    }

    /// Whether the handler is `blocking`: then it is run by the method below, on a thread of its own.
    const UTF8_BLOCKS: bool = false;

    fn utf8_blocking<'a>(event: RouteEvent<'a, Self, Utf8<'a>>) -> Outcome {
        let _ = event;
        Ok(())
    }

    /// The keys of the envelope; `None` if the route does not speak it.
    const ENVELOPE: Option<&'static Keys> = None;

    /// Whether a route that speaks the envelope has a handler for texts without one.
    const TAKES_TEXT: bool = false;

    /// Runs the handler of a named message as [`utf8`](Self::utf8) does, or returns how it has to run.
    fn named<'a>(event: RouteEvent<'a, Self, Envelope<'a>>) -> Result<Handled, Failure> {
        Err(event.not_found())
    }

    fn named_later<'a>(event: RouteEvent<'a, Self, Envelope<'a>>) -> BoxFuture<'a, Outcome> {
        let _ = event;
        Box::pin(ready(Ok(())))
    }

    /// Whether the handler of this message is `blocking`.
    fn named_blocks(name: &str) -> bool {
        let _ = name;
        false
    }

    fn named_blocking<'a>(event: RouteEvent<'a, Self, Envelope<'a>>) -> Outcome {
        let _ = event;
        Ok(())
    }

    /// How the handler of this message runs beside others, if it does.
    fn running(name: &str) -> Option<Running> {
        let _ = name;
        None
    }

    fn beside(beside: Beside<Self>) -> BoxFuture<'static, Outcome> {
        let _ = beside;
        Box::pin(ready(Ok(())))
    }

    /// Calls a plain handler, whose stream then runs beside others. It may wait for the lock on the room.
    fn open_stream<'a>(
        event: RouteEvent<'a, Self, Envelope<'a>>,
    ) -> BoxFuture<'a, Result<BoxFuture<'static, Outcome>, Failure>> {
        Box::pin(ready(Err(event.not_found())))
    }

    /// The name of a message's handler, for the log.
    fn named_handler(name: &str) -> &'static str {
        let _ = name;
        "message"
    }

    /// How many handlers have a `rate`.
    const RATES: usize = 0;

    /// The `rate` of a handler that has one.
    fn rate(limited: Limited<'_>) -> Option<Limit> {
        let _ = limited;
        None
    }

    /// Whether the handler of this message has a guard that runs after `named` has returned [`Handled::Later`]. That
    /// of a handler that runs at once runs within `named`, unless the guard is `async`.
    fn awaits_guard(name: &str) -> bool {
        let _ = name;
        false
    }

    fn guard<'a>(event: RouteEvent<'a, Self, Envelope<'a>>) -> BoxFuture<'a, Outcome> {
        let _ = event;
        Box::pin(ready(Ok(())))
    }

    const BINARY: &'static str = "binary";

    fn binary<'a>(event: RouteEvent<'a, Self, Binary<'a>>) -> Result<Handled, Failure> {
        let _ = event;
        Ok(Handled::Done)
    }

    fn binary_later<'a>(event: RouteEvent<'a, Self, Binary<'a>>) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
    }

    const BINARY_BLOCKS: bool = false;

    fn binary_blocking<'a>(event: RouteEvent<'a, Self, Binary<'a>>) -> Outcome {
        let _ = event;
        Ok(())
    }

    const PONG: &'static str = "pong";

    fn pong<'a>(event: RouteEvent<'a, Self, Binary<'a>>) -> Result<Handled, Failure> {
        let _ = event;
        Ok(Handled::Done)
    }

    fn pong_later<'a>(event: RouteEvent<'a, Self, Binary<'a>>) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
    }

    const PONG_BLOCKS: bool = false;

    fn pong_blocking<'a>(event: RouteEvent<'a, Self, Binary<'a>>) -> Outcome {
        let _ = event;
        Ok(())
    }

    const DRAIN: &'static str = "drain";

    fn drain<'a>(event: RouteEvent<'a, Self>) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
    }

    /// The handlers of the session's timers, in the order of their declaration.
    const TIMERS: &'static [&'static dyn SessionTimer<Self>] = &[];

    /// Whether the connections of each path are a room.
    const HAS_ROOMS: bool = false;

    /// The rules of the rooms; `None` if they have no state.
    fn room_rules() -> Option<RoomRules> {
        None
    }

    const CREATE: &'static str = "create";

    /// Makes the state of a room, or refuses the peer that asks for it. Called only where there are rooms.
    fn create<'a>(
        event: OpeningEvent<'a, Self::Server, Handshake>,
    ) -> impl Future<Output = Result<Self::Room, Reject>> + Send {
        let _ = event;
        async { Err(Reject::internal_server_error()) }
    }

    const EMPTY: &'static str = "empty";

    /// Runs when a room is emptied, and gets its state.
    fn empty<'a>(event: RoomEvent<'a, Self>, state: Self::Room) -> impl Future<Output = Outcome> + Send {
        let _ = (event, state);
        async { Ok(()) }
    }

    /// Adds each `#[tick]` of a room: its number, its name and its period.
    fn room_ticks(ticks: &mut Ticks) {
        let _ = ticks;
    }

    /// Runs the tick with this number for one room. It locks the room itself.
    fn room_tick<'a>(number: usize, event: RoomEvent<'a, Self>) -> impl Future<Output = Outcome> + Send {
        let _ = (number, event);
        async { Ok(()) }
    }

    /// The handlers of the timers of a room, in the order of their declaration.
    const ROOM_TIMERS: &'static [&'static dyn RoomTimer<Self>] = &[];

    const DISCONNECT: &'static str = "disconnect";

    fn disconnect<'a>(event: RouteEvent<'a, Self, Close>) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
    }
}
