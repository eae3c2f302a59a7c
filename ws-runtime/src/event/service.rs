//! What a server is to the runtime: the trait that `#[ws_server]` implements for the module that it stands on.

use std::future::Future;

use bytes::Bytes;

#[cfg(unix)]
use super::Watches;
use super::dispatch::{OpeningEvent, ServerEvent};
use super::outcome::Outcome;
use super::route::Route;
use super::store::Store;
use crate::options::Attribute;
use crate::tick::Ticks;
use crate::{Reject, Request};

/// A server: its state, its options, and the handlers that are there once for all its connections.
///
/// Beside the method of each event stands a constant with the handler's name, for the log. Where the module has no
/// handler, the method does nothing, and the name is the event's: a handler that is set at run time is logged under it.
#[doc(hidden)]
pub trait Service: Sized + Send + Sync + 'static {
    /// The type marked `#[state]`, or `()`.
    type State;
    /// Where the state is kept.
    type Store: Store<State = Self::State>;
    /// What its connections are served by.
    type Route: Route<Server = Self>;

    /// The module's name.
    const NAME: &'static str;

    /// Gives the values of the attribute; each is evaluated only if nothing overrides it.
    fn attribute(attribute: &mut Attribute<'_>) {
        let _ = attribute;
    }

    const CONNECT: &'static str = "connect";

    fn connect<'a>(event: OpeningEvent<'a, Self>) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
    }

    /// `None` where plain HTTP requests are not answered: this handler can only be declared.
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

    /// Names each `#[tick]`, its number and its period.
    fn ticks(ticks: &mut Ticks) {
        let _ = ticks;
    }

    /// Runs the tick of that number.
    fn tick<'a>(number: usize, event: ServerEvent<'a, Self::Store>) -> impl Future<Output = Outcome> + Send {
        let _ = (number, event);
        async { Ok(()) }
    }

    /// Hands over each `#[watch]`: its handle and its handler.
    #[cfg(unix)]
    fn watches(watches: &mut Watches<Self>) {
        let _ = watches;
    }
}
