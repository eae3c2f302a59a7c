//! What surrounds an event: the server, the connection, the state, the session, and what the event itself brings.

use crate::{Conn, Reject, Server};

/// What a handler's argument is made from: implement it to let handlers take a type of yours.
///
/// `C` is the context of the event. Bound it by what the argument is made from, and so by the events that have that:
/// [`WithServer`] is every event, [`WithConn`] all but `tick`, `watch` and `shutdown`, [`WithEvent`] those that bring the
/// same, such as a text message, and [`WithSession`] those that come after the handshake.
///
/// An argument that cannot be made refuses, and the handler is not run:
///
/// | event | what a refusal does |
/// |---|---|
/// | `connect` | the connection is closed without a word |
/// | `handshake`, `request` | the peer is answered what the [`Reject`] says |
/// | `ready` | the connection closes with 4000 and the status, such as 4403; the text of the `Reject` is the reason |
/// | `utf8`, `binary` | the connection closes with 1008; the text of the `Reject` is the reason |
/// | all others | nothing else |
///
/// It is logged each time. The session and the state are lent after all other arguments are made: these may look at the
/// session, and refuse before the state is locked.
///
/// ```
/// use serde::Deserialize;
/// use ws_runtime::Utf8;
/// use ws_runtime::event::{FromContext, WithConn, WithEvent, WithSession};
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
/// impl<'a, C: WithEvent<'a, Utf8<'a>>> FromContext<'a, C> for Move {
///     fn from_context(context: &mut C) -> Result<Self, Reject> {
///         let text = context.event().as_str();
///         serde_json::from_str(text).map_err(|error| Reject::bad_request().text(error.to_string()))
///     }
/// }
///
/// #[ws_server(listen = 8080)]
/// mod game {
///     use super::*;
///
///     #[session]
///     #[derive(Default)]
///     struct Guest { player: Option<u64>, moves: u64 }
///
///     /// The number of a peer that plays; others are refused.
///     struct Player(u64);
///
///     impl<'a, C: WithSession<Guest>> FromContext<'a, C> for Player {
///         fn from_context(context: &mut C) -> Result<Self, Reject> {
///             let guest = context.session().ok_or_else(Reject::internal_server_error)?;
///             guest.player.map(Player).ok_or_else(Reject::forbidden)
///         }
///     }
///
///     #[on(ready)]
///     fn hello(seat: Seat) -> String {
///         format!("you sit at {}", seat.0)
///     }
///
///     #[on(utf8)]
///     fn play(Move { cell }: Move, guest: &mut Guest, player: Player, server: &Server) {
///         guest.moves += 1;
///         server.broadcast_utf8(format!("{} takes {cell}", player.0));
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

/// A context that knows what its event brings: an `M`.
///
/// That is a [`Handshake`](crate::Handshake) for `handshake`, a [`Utf8`](crate::Utf8) for `utf8`, a
/// [`Binary`](crate::Binary) for `binary` and `pong`, a [`Close`](crate::Close) for `disconnect`, and a
/// [`Request`](crate::Request) for `request`.
pub trait WithEvent<'a, M>: WithConn<'a> {
    /// What the event brings.
    fn event(&self) -> &'a M;
}

/// A context that knows the session, of type `Se`: that of `ready`, `utf8`, `binary`, `pong` and `disconnect`.
pub trait WithSession<Se> {
    /// The session; `None` once it was lent to an argument, which the handler's own arguments leave to the last.
    fn session(&self) -> Option<&Se>;
}

/// The context of a connection's event. `St` is how the state is reached, `Se` the session's type, and `M` what the event
/// brings.
#[derive(Debug)]
pub struct ConnContext<'a, St, Se: 'static, M> {
    conn: &'a Conn,
    state: Option<St>,
    session: Option<&'a mut Option<Se>>,
    brought: &'a M,
}

/// The context of an event of the server as a whole. `St` is how the state is reached.
#[derive(Debug)]
pub struct ServerContext<'a, St> {
    server: &'a Server,
    state: Option<St>,
}

impl<'a, St, Se: 'static, M> ConnContext<'a, St, Se, M> {
    pub(crate) fn new(
        conn: &'a Conn,
        state: St,
        session: Option<&'a mut Option<Se>>,
        brought: &'a M,
    ) -> Self {
        Self { conn, state: Some(state), session, brought }
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

impl<'a, St, Se: 'static, M> WithEvent<'a, M> for ConnContext<'a, St, Se, M> {
    fn event(&self) -> &'a M {
        self.brought
    }
}

impl<St, Se: 'static, M> WithSession<Se> for ConnContext<'_, St, Se, M> {
    fn session(&self) -> Option<&Se> {
        self.session.as_deref()?.as_ref()
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

#[diagnostic::do_not_recommend]
impl<'a, C: WithServer<'a>> FromContext<'a, C> for &'a Server {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        Ok(context.server())
    }
}

#[diagnostic::do_not_recommend]
impl<'a, C: WithServer<'a>> FromContext<'a, C> for Server {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        Ok(context.server().clone())
    }
}

#[diagnostic::do_not_recommend]
impl<'a, C: WithConn<'a>> FromContext<'a, C> for &'a Conn {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        Ok(context.conn())
    }
}

#[diagnostic::do_not_recommend]
impl<'a, C: WithConn<'a>> FromContext<'a, C> for Conn {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        Ok(context.conn().clone())
    }
}
