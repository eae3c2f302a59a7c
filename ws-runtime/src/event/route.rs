//! What a route is to the runtime: what the connections to one part of a server are served by.

use std::future::Future;

use super::dispatch::{OpeningEvent, RouteEvent};
use super::outcome::Outcome;
use super::{Binary, Close, Pong, Utf8};
use crate::event::Service;
use crate::{Handshake, Reject};

/// A route: the session of its connections, and their handlers.
///
/// A handler that the module does not have keeps its default, which does nothing. Beside the method of each event stands
/// a constant with how its handler is called.
#[doc(hidden)]
pub trait Route: Sized + Send + Sync + 'static {
    /// The server that it is a route of.
    type Server: Service;
    /// The type marked `#[session]`, or `()`.
    type Session: Send + 'static;

    const HANDSHAKE: Call = Call::plain("handshake");

    /// Admits a peer and makes its session.
    fn handshake<'a>(
        event: OpeningEvent<'a, Self::Server>,
        handshake: &'a Handshake,
    ) -> impl Future<Output = Result<Self::Session, Reject>> + Send;

    const READY: Call = Call::plain("ready");

    fn ready<'a>(event: RouteEvent<'a, Self>) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
    }

    const UTF8: Call = Call::plain("utf8");

    fn utf8<'a>(event: RouteEvent<'a, Self>, message: &'a Utf8<'a>) -> impl Future<Output = Outcome> + Send {
        let _ = (event, message);
        async { Ok(()) }
    }

    const BINARY: Call = Call::plain("binary");

    fn binary<'a>(
        event: RouteEvent<'a, Self>,
        message: &'a Binary<'a>,
    ) -> impl Future<Output = Outcome> + Send {
        let _ = (event, message);
        async { Ok(()) }
    }

    const PONG: Call = Call::plain("pong");

    fn pong<'a>(event: RouteEvent<'a, Self>, message: &'a Pong<'a>) -> impl Future<Output = Outcome> + Send {
        let _ = (event, message);
        async { Ok(()) }
    }

    const DISCONNECT: Call = Call::plain("disconnect");

    fn disconnect<'a>(event: RouteEvent<'a, Self>, close: &'a Close) -> impl Future<Output = Outcome> + Send {
        let _ = (event, close);
        async { Ok(()) }
    }
}

/// How a handler is called.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// Its name, for the log: the event's where only a handler that is set at run time can be meant.
    pub(crate) name: &'static str,
    /// Whether it is an `async fn`; what is lent by a buffer cannot wait for it.
    pub(crate) awaited: bool,
}

impl Call {
    /// Of a `fn`.
    #[must_use]
    pub const fn plain(name: &'static str) -> Self {
        Self { name, awaited: false }
    }

    /// Of an `async fn`.
    #[must_use]
    pub const fn awaited(name: &'static str) -> Self {
        Self { name, awaited: true }
    }
}
