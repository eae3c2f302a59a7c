//! Events on their way to a handler: each carries what the handler's arguments are made from.

use std::marker::PhantomData;

use bytes::Bytes;

use super::context::{ConnContext, ServerContext};
use super::message::{Binary, Content, Utf8};
use super::outcome::{Failure, Handled, Outcome};
use super::route::Route;
use super::service::Service;
use crate::conn::catch_now;
use crate::message::{Envelope, Keys, Limited, Running};
use crate::{Conn, Handshake, Reject, Server};

/// An event of a connection on its way to a handler. `K` is the store of the states, `Se` the session's type, and `M`
/// the payload's.
#[doc(hidden)]
pub struct ConnEvent<'a, K, Se: 'static, M> {
    conn: &'a Conn,
    store: &'a K,
    session: Option<&'a mut Option<Se>>,
    brought: &'a M,
}

/// An event of the server as a whole on its way to a handler. `K` is the store of the states.
#[doc(hidden)]
pub struct ServerEvent<'a, K> {
    server: &'a Server,
    store: &'a K,
}

/// An event of a connection that a route serves.
#[doc(hidden)]
pub type RouteEvent<'a, R, M = ()> =
    ConnEvent<'a, <<R as Route>::Server as Service>::Store, <R as Route>::Session, M>;

/// An event of a connection that is not open yet.
#[doc(hidden)]
pub type OpeningEvent<'a, S, M = ()> = ConnEvent<'a, <S as Service>::Store, NotYet, M>;

/// The session's type in events before the session exists.
#[doc(hidden)]
#[derive(Debug)]
pub enum NotYet {}

/// A message on its way to its handler.
#[derive(Debug)]
pub(crate) enum Received<'b> {
    Utf8(Utf8<'b>),
    Named(Envelope<'b>),
    Binary(Binary<'b>),
    Pong(Binary<'b>),
}

/// The receiver of a reply: the peer, and the message that is answered.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Peer<'a> {
    pub(crate) conn: &'a Conn,
    /// The bytes of the message, if it owns them. If a large reply borrows from them, they are shared, not copied.
    pub(crate) message: Option<&'a Bytes>,
}

impl<'a, K, M> ConnEvent<'a, K, NotYet, M> {
    pub(crate) fn before_session(conn: &'a Conn, store: &'a K, brought: &'a M) -> Self {
        Self { conn, store, session: None, brought }
    }
}

impl<K, M> ConnEvent<'_, K, NotYet, M> {
    /// The same event once more, for a guard.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { conn: self.conn, store: self.store, session: None, brought: self.brought }
    }
}

impl<K> ConnEvent<'_, K, NotYet, Handshake> {
    /// The same event for a guard that sees so many parameters of the path: those of the route that it stands on.
    #[must_use]
    pub fn seeing(&self, parameters: usize) -> Self {
        self.brought.show_parameters(parameters);
        self.again()
    }
}

impl<'a, K, Se: 'static> ConnEvent<'a, K, Se, ()> {
    pub(crate) fn new(conn: &'a Conn, store: &'a K, session: &'a mut Option<Se>) -> Self {
        Self { conn, store, session: Some(session), brought: &() }
    }

    /// The same event with a payload.
    pub(crate) fn bringing<M>(self, brought: &'a M) -> ConnEvent<'a, K, Se, M> {
        let Self { conn, store, session, .. } = self;
        ConnEvent { conn, store, session, brought }
    }
}

impl<'a, K, Se: 'static, M> ConnEvent<'a, K, Se, M> {
    /// The payload, and the event without it.
    pub(crate) fn take_payload(self) -> (&'a M, ConnEvent<'a, K, Se, ()>) {
        let Self { conn, store, session, brought } = self;
        (brought, ConnEvent { conn, store, session, brought: &() })
    }

    pub(crate) fn session_mut(&mut self) -> Option<&mut Se> {
        self.session.as_deref_mut()?.as_mut()
    }

    /// The receiver of the handler's reply.
    #[must_use]
    pub fn peer(&self) -> Peer<'a>
    where
        M: Content,
    {
        Peer { conn: self.conn, message: self.brought.shared() }
    }

    /// The event for a guard, which sees all but the payload. What the guard locks is released before the handler's
    /// arguments are made.
    #[must_use]
    pub fn guard(&mut self) -> ConnEvent<'_, K, Se, ()> {
        let Self { conn, store, session, .. } = self;
        ConnEvent { conn, store, session: session.as_deref_mut(), brought: &() }
    }

    /// The same for an `async` guard.
    #[must_use]
    pub fn into_guard(self) -> ConnEvent<'a, K, Se, ()> {
        let Self { conn, store, session, .. } = self;
        ConnEvent { conn, store, session, brought: &() }
    }

    /// The connection, whose room a handler may lock.
    #[must_use]
    pub fn conn(&self) -> &'a Conn {
        self.conn
    }

    pub(crate) fn payload(&self) -> &'a M {
        self.brought
    }

    /// The context from which the handler's arguments are made.
    #[inline]
    #[must_use]
    pub fn context(self) -> ConnContext<'a, K, Se, M> {
        ConnContext::new(self.conn, self.store, self.session, self.brought)
    }
}

/// How a route that speaks the envelope reads its texts.
#[derive(Debug)]
pub(crate) struct Speech {
    pub(crate) keys: &'static Keys,
    /// Whether texts without the envelope have a handler.
    takes_text: bool,
    /// How the handler of a message runs beside others, if it does.
    pub(crate) running: fn(&str) -> Option<Running>,
}

impl Speech {
    /// That of a route; `None` if it does not speak the envelope.
    pub(crate) fn of<R: Route>() -> Option<&'static Self> {
        SpeechOf::<R>::SPEECH
    }
}

struct SpeechOf<R>(PhantomData<R>);

impl<R: Route> SpeechOf<R> {
    const SPEECH: Option<&'static Speech> = match R::ENVELOPE {
        Some(keys) => Some(&Speech { keys, takes_text: R::TAKES_TEXT, running: Self::running }),
        None => None,
    };

    /// The value of `concurrent` is an expression of the user's. If it panics, the message itself will end the
    /// connection.
    fn running(name: &str) -> Option<Running> {
        catch_now(|| R::running(name)).unwrap_or_default()
    }
}

impl<'b> Received<'b> {
    /// A text where the envelope is spoken: a named message, if it is one.
    #[inline]
    pub(crate) fn of_text(text: Utf8<'b>, speech: &'static Speech) -> Self {
        match Envelope::of(text, speech.keys) {
            // Only where other texts have a handler, it matters now whether the message is right to its end.
            Ok(message) if speech.takes_text && message.is_none() => Self::Utf8(message.into_text()),
            Ok(message) => Self::Named(message),
            Err(text) => Self::Utf8(text),
        }
    }

    /// What its declared handler is called for, if a `rate` can limit that.
    #[inline]
    pub(crate) fn limited(&self) -> Option<Limited<'_>> {
        match self {
            Self::Utf8(_) => Some(Limited::Utf8),
            Self::Named(message) => Some(Limited::Named(message.name())),
            Self::Binary(_) => Some(Limited::Binary),
            Self::Pong(_) => None,
        }
    }

    /// The same message, which waits for its handler.
    pub(crate) fn into_owned(self) -> Received<'static> {
        match self {
            Self::Utf8(text) => Received::Utf8(Utf8(text.0.into_owned())),
            Self::Named(message) => Received::Named(message.into_owned()),
            Self::Binary(data) => Received::Binary(Binary(data.0.into_owned())),
            Self::Pong(data) => Received::Pong(Binary(data.0.into_owned())),
        }
    }

    /// How many bytes it has.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Utf8(text) => text.as_str().len(),
            Self::Named(message) => message.text().len(),
            Self::Binary(data) | Self::Pong(data) => data.as_slice().len(),
        }
    }

    /// The name of its declared handler.
    pub(crate) fn handler<R: Route>(&self) -> &'static str {
        match self {
            Self::Utf8(_) => R::UTF8,
            Self::Named(message) => R::named_handler(message.name()),
            Self::Binary(_) => R::BINARY,
            Self::Pong(_) => R::PONG,
        }
    }

    /// Runs its handler, if that is a plain one; borrows the message from the read buffer.
    #[inline]
    pub(crate) fn handle<'a, R: Route>(&'a self, event: RouteEvent<'a, R>) -> Result<Handled, Failure> {
        match self {
            Self::Utf8(text) if R::ENVELOPE.is_some() && !R::TAKES_TEXT => Err(no_envelope::<R>(text)),
            Self::Utf8(text) => R::utf8(event.bringing(text)),
            Self::Named(message) => R::named(event.bringing(message)),
            Self::Binary(data) => R::binary(event.bringing(data)),
            Self::Pong(data) => R::pong(event.bringing(data)),
        }
    }

    /// Runs its `async` handler, after [`handle`](Self::handle) returned [`Handled::Later`].
    pub(crate) async fn handle_later<'a, R: Route>(&'a self, event: RouteEvent<'a, R>) -> Outcome {
        match self {
            Self::Utf8(text) => R::utf8_later(event.bringing(text)).await,
            Self::Named(message) => R::named_later(event.bringing(message)).await,
            Self::Binary(data) => R::binary_later(event.bringing(data)).await,
            Self::Pong(data) => R::pong_later(event.bringing(data)).await,
        }
    }

    /// Whether its handler is `blocking`.
    pub(crate) fn is_for_blocking<R: Route>(&self) -> bool {
        match self {
            Self::Utf8(_) => R::UTF8_BLOCKS,
            Self::Named(message) => R::named_blocks(message.name()),
            Self::Binary(_) => R::BINARY_BLOCKS,
            Self::Pong(_) => R::PONG_BLOCKS,
        }
    }

    /// Runs its `blocking` handler, after [`handle`](Self::handle) returned [`Handled::Later`].
    ///
    /// # Errors
    ///
    /// Those of the handler.
    pub(crate) fn handle_blocking<'a, R: Route>(&'a self, event: RouteEvent<'a, R>) -> Outcome {
        match self {
            Self::Utf8(text) => R::utf8_blocking(event.bringing(text)),
            Self::Named(message) => R::named_blocking(event.bringing(message)),
            Self::Binary(data) => R::binary_blocking(event.bringing(data)),
            Self::Pong(data) => R::pong_blocking(event.bringing(data)),
        }
    }

    /// Drops the message, and returns a large buffer to the pool.
    #[inline]
    pub(crate) fn give_back(self) {
        match self {
            Self::Binary(data) => data.0.give_back(),
            Self::Utf8(_) | Self::Named(_) | Self::Pong(_) => {}
        }
    }
}

/// Why a text that no handler takes is no named message.
#[cold]
fn no_envelope<R: Route>(text: &Utf8<'_>) -> Failure {
    let broken = R::ENVELOPE.and_then(|keys| Envelope::why_not(text, keys));
    broken.map_or_else(Reject::bad_request, Reject::from).into()
}

impl<'a, K> ServerEvent<'a, K> {
    pub(crate) fn new(server: &'a Server, store: &'a K) -> Self {
        Self { server, store }
    }

    pub(crate) fn store(&self) -> &'a K {
        self.store
    }

    /// The context from which the handler's arguments are made.
    #[inline]
    #[must_use]
    pub fn context(self) -> ServerContext<'a, K> {
        ServerContext::new(self.server, self.store)
    }
}
