//! What surrounds an event: the server, the connection, the state, the session, and what the event itself brings.

use crate::{Conn, Reject, Server};

/// What a handler's argument is made from: implement it to let handlers take a type of yours.
///
/// `C` is the context of the event. Bound it by [`WithConn`] for all events of a connection, by [`WithServer`] for
/// `tick`, `watch` and `shutdown` too. For one event, write its [`ConnContext`]: there the argument sees what the event
/// brings, such as the message.
///
/// An argument that cannot be made refuses, and the handler is not run:
///
/// | event | what a refusal does |
/// |---|---|
/// | `connect` | the connection is closed without a word |
/// | `handshake`, `request` | the peer is answered what the [`Reject`] says |
/// | `ready` | the connection closes with 4000 and the status, such as 4403, and the text of the `Reject` as reason |
/// | `utf8`, `binary` | the connection closes with 1008, and the text of the `Reject` as reason |
/// | all others | nothing but a line in the log |
///
/// What locks the state is asked for last, so that other arguments refuse before it is locked, and see the session.
///
/// ```
/// use serde::Deserialize;
/// use ws_runtime::event::{ConnContext, FromContext, Utf8, WithConn};
/// use ws_runtime::prelude::*;
///
/// /// Where the peer sits, as text.
/// struct Seat(String);
///
/// impl<'a, C: WithConn<'a>> FromContext<'a, C> for Seat {
///     fn from_context(context: &mut C) -> Result<Self, Reject> {
///         Ok(Seat(context.conn().peer().to_string()))
///     }
/// }
///
/// /// A text message that is a move, as JSON.
/// #[derive(Deserialize)]
/// struct Move { cell: u8 }
///
/// impl<'a, St, Se> FromContext<'a, ConnContext<'a, St, Se, Utf8<'a>>> for Move {
///     fn from_context(context: &mut ConnContext<'a, St, Se, Utf8<'a>>) -> Result<Self, Reject> {
///         let text = context.event().as_str();
///         serde_json::from_str(text).map_err(|error| Reject::bad_request().text(error.to_string()))
///     }
/// }
///
/// #[ws_server(listen = 8080)]
/// mod game {
///     use super::*;
///
///     #[on(ready)]
///     fn hello(seat: Seat) -> String {
///         format!("you sit at {}", seat.0)
///     }
///
///     #[on(utf8)]
///     fn play(Move { cell }: Move, conn: &Conn) {
///         conn.server().broadcast_utf8(format!("{} takes {cell}", conn.peer()));
///     }
/// }
/// # fn main() {}
/// ```
///
/// A session may be looked at, too: this argument is there for members only.
///
/// ```
/// use ws_runtime::event::{ConnContext, FromContext};
/// use ws_runtime::prelude::*;
///
/// #[ws_server(listen = 8080)]
/// mod club {
///     use super::*;
///
///     #[session]
///     #[derive(Default)]
///     struct Guest { member: Option<u64>, heard: u64 }
///
///     struct Member(u64);
///
///     impl<'a, St, M> FromContext<'a, ConnContext<'a, St, Guest, M>> for Member {
///         fn from_context(context: &mut ConnContext<'a, St, Guest, M>) -> Result<Self, Reject> {
///             let guest = context.session().ok_or_else(Reject::internal_server_error)?;
///             guest.member.map(Member).ok_or_else(Reject::forbidden)
///         }
///     }
///
///     #[on(utf8)]
///     fn said(guest: &mut Guest, member: Member) -> String {
///         guest.heard += 1;
///         format!("number {} for member {}", guest.heard, member.0)
///     }
/// }
/// # fn main() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from this event",
    label = "not an argument of this event",
    note = "for a type of your own: implement `ws_runtime::event::FromContext`, whose docs say how"
)]
pub trait FromContext<'a, C>: Sized {
    /// Makes the argument, just before the handler is called.
    ///
    /// # Errors
    ///
    /// Why it cannot be made, and what the peer is told; the handler is not run then.
    fn from_context(context: &mut C) -> Result<Self, Reject>;
}

/// A context that knows its server: that of every event.
pub trait WithServer<'a> {
    /// The server that the event belongs to.
    fn server(&self) -> &'a Server;
}

/// A context that knows its connection: that of every event but `tick`, `watch` and `shutdown`.
pub trait WithConn<'a>: WithServer<'a> {
    /// The connection that the event belongs to.
    fn conn(&self) -> &'a Conn;
}

/// The context of a connection's event.
///
/// `St` is how the state is reached, `Se` the session's type, and `M` what the event brings: [`Handshake`] for
/// `handshake`, [`Utf8`] for `utf8`, [`Binary`] for `binary` and `pong`, [`Close`] for `disconnect`, [`Request`] for
/// `request`, and `()` for `connect` and `ready`.
///
/// [`Handshake`]: crate::Handshake
/// [`Utf8`]: crate::Utf8
/// [`Binary`]: crate::Binary
/// [`Close`]: crate::Close
/// [`Request`]: crate::Request
#[derive(Debug)]
pub struct ConnContext<'a, St, Se: 'static, M> {
    conn: &'a Conn,
    state: Option<St>,
    session: Option<&'a mut Option<Se>>,
    event: &'a M,
}

/// The context of an event of the server as a whole. `St` is how the state is reached.
#[derive(Debug)]
pub struct ServerContext<'a, St> {
    server: &'a Server,
    state: Option<St>,
}

impl<'a, St, Se: 'static, M> ConnContext<'a, St, Se, M> {
    pub(crate) fn new(conn: &'a Conn, state: St, session: Option<&'a mut Option<Se>>, event: &'a M) -> Self {
        Self { conn, state: Some(state), session, event }
    }

    /// What the event brings: the message, the request, how the connection was closed.
    pub fn event(&self) -> &'a M {
        self.event
    }

    /// The session. `None` before the handshake has made it, and once another argument has been lent it: those that are
    /// the session are made after all others.
    pub fn session(&self) -> Option<&Se> {
        self.session.as_deref()?.as_ref()
    }

    /// The session, lent for as long as the handler runs.
    ///
    /// # Panics
    ///
    /// If it is taken twice, which the macro refuses when it compiles the server.
    #[doc(hidden)]
    #[expect(clippy::expect_used, reason = "refused at compile time")]
    pub fn take_session(&mut self) -> &'a mut Se {
        self.session
            .take()
            .and_then(Option::as_mut)
            .expect("a session is lent once, and only after the handshake")
    }

    /// The session itself, which the connection then no longer has: only `disconnect` may.
    ///
    /// # Panics
    ///
    /// If it is taken twice, which the macro refuses when it compiles the server.
    #[doc(hidden)]
    #[expect(clippy::expect_used, reason = "refused at compile time")]
    pub fn take_session_by_value(&mut self) -> Se {
        self.session.take().and_then(Option::take).expect("a session is given once, and only to `disconnect`")
    }
}

impl<'a, St, Se: 'static, M> WithServer<'a> for ConnContext<'a, St, Se, M> {
    fn server(&self) -> &'a Server {
        self.conn.server()
    }
}

impl<'a, St, Se: 'static, M> WithConn<'a> for ConnContext<'a, St, Se, M> {
    fn conn(&self) -> &'a Conn {
        self.conn
    }
}

impl<'a, St> ServerContext<'a, St> {
    pub(crate) fn new(server: &'a Server, state: St) -> Self {
        Self { server, state: Some(state) }
    }
}

impl<'a, St> WithServer<'a> for ServerContext<'a, St> {
    fn server(&self) -> &'a Server {
        self.server
    }
}

/// A context that lends the state by way of `St`.
#[doc(hidden)]
pub trait WithState<St> {
    /// The way to the state; the macro sees to it that it is asked for once.
    fn take_state(&mut self) -> St;
}

impl<St, Se: 'static, M> WithState<St> for ConnContext<'_, St, Se, M> {
    #[expect(clippy::expect_used, reason = "refused at compile time")]
    fn take_state(&mut self) -> St {
        self.state.take().expect("the state is lent once")
    }
}

impl<St> WithState<St> for ServerContext<'_, St> {
    #[expect(clippy::expect_used, reason = "refused at compile time")]
    fn take_state(&mut self) -> St {
        self.state.take().expect("the state is lent once")
    }
}

impl<'a, C: WithServer<'a>> FromContext<'a, C> for &'a Server {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        Ok(context.server())
    }
}

impl<'a, C: WithServer<'a>> FromContext<'a, C> for Server {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        Ok(context.server().clone())
    }
}

impl<'a, C: WithConn<'a>> FromContext<'a, C> for &'a Conn {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        Ok(context.conn())
    }
}

impl<'a, C: WithConn<'a>> FromContext<'a, C> for Conn {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        Ok(context.conn().clone())
    }
}
