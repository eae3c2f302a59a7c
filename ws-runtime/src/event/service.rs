//! What the macro writes: a server's handlers behind one trait that the loop calls.

use std::future::Future;

use bytes::Bytes;

#[cfg(unix)]
use super::Watches;
use super::dispatch::{ConnEvent, NotYet, ServerEvent};
use super::store::Store;
use super::{Binary, Close, Outcome, Pong, Utf8};
use crate::options::Attribute;
use crate::tick::Ticks;
use crate::{Handshake, Reject, Request};

/// A server's handlers: implemented by `#[ws_server]`, called by the loop.
///
/// A method that a server has no handler for keeps its default, which does nothing.
#[doc(hidden)]
pub trait Service: Sized + Send + Sync + 'static {
    /// The type marked `#[state]`, or `()`.
    type State;
    /// Where the state is kept.
    type Store: Store<State = Self::State>;
    /// The type marked `#[session]`, or `()`.
    type Session: Send + 'static;

    /// The module's name.
    const NAME: &'static str;
    /// The names of the handlers, for the log.
    const HANDLERS: Handlers;

    /// Gives the values of the attribute; each is evaluated only if nothing overrides it.
    fn attribute(attribute: &mut Attribute<'_>) {
        let _ = attribute;
    }

    fn connect(event: ConnEvent<'_, Self, NotYet>) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
    }

    /// Admits a peer and makes its session.
    fn handshake<'a>(
        event: ConnEvent<'a, Self, NotYet>,
        handshake: &'a Handshake,
    ) -> impl Future<Output = Result<Self::Session, Reject>> + Send;

    fn ready(event: ConnEvent<'_, Self>) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
    }

    fn utf8<'a>(event: ConnEvent<'a, Self>, message: &'a Utf8<'a>) -> impl Future<Output = Outcome> + Send {
        let _ = (event, message);
        async { Ok(()) }
    }

    fn binary<'a>(
        event: ConnEvent<'a, Self>,
        message: &'a Binary<'a>,
    ) -> impl Future<Output = Outcome> + Send {
        let _ = (event, message);
        async { Ok(()) }
    }

    fn pong<'a>(event: ConnEvent<'a, Self>, message: &'a Pong<'a>) -> impl Future<Output = Outcome> + Send {
        let _ = (event, message);
        async { Ok(()) }
    }

    fn disconnect<'a>(event: ConnEvent<'a, Self>, close: &'a Close) -> impl Future<Output = Outcome> + Send {
        let _ = (event, close);
        async { Ok(()) }
    }

    /// Answers a plain HTTP request; `None` where there is no handler.
    fn request<'a>(
        event: ConnEvent<'a, Self, NotYet>,
        request: &'a Request,
    ) -> impl Future<Output = Option<http::Response<Bytes>>> + Send {
        let _ = (event, request);
        async { None }
    }

    fn shutdown(event: ServerEvent<'_, Self>) -> impl Future<Output = Outcome> + Send {
        let _ = event;
        async { Ok(()) }
    }

    /// Names each `#[tick]`, its number and its period.
    fn ticks(ticks: &mut Ticks) {
        let _ = ticks;
    }

    /// Runs the tick of that number.
    fn tick(number: usize, event: ServerEvent<'_, Self>) -> impl Future<Output = Outcome> + Send {
        let _ = (number, event);
        async { Ok(()) }
    }

    /// Hands over each `#[watch]`: its handle and its handler.
    #[cfg(unix)]
    fn watches(watches: &mut Watches<Self>) {
        let _ = watches;
    }
}

/// What the loop has to know of a server's handlers before it calls them.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Handlers {
    pub connect: Call,
    pub handshake: Call,
    pub ready: Call,
    pub utf8: Call,
    pub binary: Call,
    pub pong: Call,
    pub disconnect: Call,
    pub request: Call,
    pub shutdown: Call,
}

/// How a handler is called.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// Its name, for the log.
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

impl Handlers {
    /// A server without handlers. A handler that is set at run time is logged under the event's name.
    pub const NONE: Self = Self {
        connect: Call::plain("connect"),
        handshake: Call::plain("handshake"),
        ready: Call::plain("ready"),
        utf8: Call::plain("utf8"),
        binary: Call::plain("binary"),
        pong: Call::plain("pong"),
        disconnect: Call::plain("disconnect"),
        request: Call::plain(""),
        shutdown: Call::plain("shutdown"),
    };

    /// Whether the server answers plain HTTP requests: that handler can only be declared.
    pub(crate) fn answers_requests(&self) -> bool {
        !self.request.name.is_empty()
    }
}
