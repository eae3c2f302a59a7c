//! What a route is to the runtime: what the connections to one part of a server are served by.

use std::future::Future;

use super::dispatch::{OpeningEvent, RouteEvent};
use super::outcome::{Failure, Handled, Outcome};
use super::{Binary, Close, Service, Utf8};
use crate::{Handshake, Reject};

/// A route: the session of its connections, and their handlers.
///
/// Beside the method of each event stands a constant with the handler's name, for the log. Where the module has no
/// handler, the method does nothing, and the name is the event's: a handler that is set at run time is logged under it.
///
/// A message has two methods. The first handles it at once, where it lies in the buffer that it was read into, or tells
/// that its handler has to be awaited; then the second is given the message once more, owned.
#[doc(hidden)]
pub trait Route: Sized + Send + Sync + 'static {
    /// The server that it is a route of.
    type Server: Service;
    /// The type marked `#[session]`, or `()`.
    type Session: Send + 'static;

    const HANDSHAKE: &'static str = "handshake";

    /// Admits a peer and makes its session.
    fn handshake<'a>(
        event: OpeningEvent<'a, Self::Server, Handshake>,
    ) -> impl Future<Output = Result<Self::Session, Reject>> + Send;

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

    const BINARY: &'static str = "binary";

    fn binary<'a>(event: RouteEvent<'a, Self, Binary<'a>>) -> Result<Handled, Failure> {
        let _ = event;
        Ok(Handled::Done)
    }

    fn binary_later<'a>(event: RouteEvent<'a, Self, Binary<'a>>) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
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

    const DISCONNECT: &'static str = "disconnect";

    fn disconnect<'a>(event: RouteEvent<'a, Self, Close>) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
    }
}
