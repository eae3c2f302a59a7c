//! A server as the runtime sees it: the trait that `#[ws_server]` implements for a module.

use std::future::Future;

use bytes::Bytes;

use super::Admission;
#[cfg(unix)]
use super::Watches;
use super::dispatch::{OpeningEvent, ServerEvent};
use super::outcome::Outcome;
use crate::message::Keys;
use crate::options::Attribute;
use crate::route::{Gets, Routes};
use crate::tick::Ticks;
use crate::timer::TimedState;
use crate::{Handshake, Reject, Request};

/// A server: its states, its options, and the handlers that belong to no route.
///
/// Each event has a method, and a constant with the handler's name for the log. If the module has no handler for an
/// event, the method does nothing and the name is the event's.
#[doc(hidden)]
pub trait Service: Sized + Send + Sync + 'static {
    /// The states that the builder can be given, in the order of their declaration: pairs of a state and the rest, `()`
    /// at the end.
    type Given;
    /// All states, each in a cell of its own.
    type Store: Send + Sync + 'static;
    /// The module's name.
    const NAME: &'static str;

    /// The keys of the envelope.
    const KEYS: &'static Keys = &Keys::DEFAULT;

    /// Makes the store. A state that cannot be given is its `Default`.
    fn store(given: Self::Given) -> Self::Store;

    /// Sets the values of the attribute. Each is evaluated only if nothing overrides it.
    fn attribute(attribute: &mut Attribute<'_>) {
        let _ = attribute;
    }

    /// Adds its routes: one for every path, or several.
    fn routes(routes: &mut Routes<Self>);

    /// Adds each `#[get]`: its place, its name and its handler.
    fn gets(gets: &mut Gets<Self>) {
        let _ = gets;
    }

    const START: &'static str = "start";

    fn start<'a>(event: ServerEvent<'a, Self::Store>) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
    }

    const CONNECT: &'static str = "connect";

    fn connect<'a>(event: OpeningEvent<'a, Self>) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
    }

    const HANDSHAKE: &'static str = "handshake";

    /// Accepts a handshake before the route does, and makes the identity. A server without routes leaves that to its
    /// only route.
    fn handshake<'a>(
        event: OpeningEvent<'a, Self, Handshake>,
    ) -> impl Future<Output = Result<Admission<()>, Reject>> + Send {
        let _ = event;
        async { Ok(Admission::anonymous(())) }
    }

    /// `None` if the module has no `request` handler. It cannot be set at run time.
    const REQUEST: Option<&'static str> = None;

    fn request<'a>(
        event: OpeningEvent<'a, Self, Request>,
    ) -> impl Future<Output = Result<http::Response<Bytes>, Reject>> + Send {
        let _ = event;
        async { Err(Reject::not_found()) }
    }

    const SHUTDOWN: &'static str = "shutdown";

    fn shutdown<'a>(event: ServerEvent<'a, Self::Store>) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
    }

    /// Adds each `#[tick]`: its number, its name and its period.
    fn ticks(ticks: &mut Ticks) {
        let _ = ticks;
    }

    /// Runs the tick with this number.
    fn tick<'a>(number: usize, event: ServerEvent<'a, Self::Store>) -> impl Future<Output = Outcome> + Send {
        let _ = (number, event);
        async { Ok(()) }
    }

    /// The states with timers, in the order of their declaration.
    const TIMED_STATES: &'static [&'static dyn TimedState<Self>] = &[];

    /// Adds each `#[watch]`: its handle and its handler.
    #[cfg(unix)]
    fn watches(watches: &mut Watches<Self>) {
        let _ = watches;
    }
}
