//! The context of an event: the server, the connection, the state, the session, and the event's payload.

use super::store::{Keeps, Plain, StateCell as _};
use crate::{Conn, Reject, Server};

/// An argument that handlers can take. Implement it for a type of your own.
///
/// `C` is the context of the event. The bound on it says what the argument is made from, and so which events can give
/// it: [`WithServer`] stands for every event; [`WithConn`] for all but `tick`, `watch`, `shutdown`, `empty` and
/// timers of a state or a room; [`WithRoom`](super::WithRoom) for those after the room was made; [`WithEvent`] for
/// those with a certain payload, such as a text message; [`WithSession`] for those after the handshake; [`WithState`]
/// for every event of a server with a certain state.
///
/// `from_context` may return a [`Reject`](struct@Reject). Then the handler is not run:
///
/// | event | what a `Reject` does |
/// |---|---|
/// | `connect` | the connection is closed without an answer |
/// | `start` | the server is not started |
/// | `handshake`, `create`, `#[get]`, `request` | it is the HTTP answer |
/// | `ready` | the connection closes with 4000 plus the status, such as 4403; its text is the close reason |
/// | a named message | it is the error reply, and the connection goes on |
/// | `utf8`, `binary` | the connection closes with 1008; its text is the close reason. Where named messages are spoken, a text gets an error reply instead |
/// | all others | nothing else |
///
/// Except for an HTTP answer, it is logged: as a warning; at debug level if it is an error reply, or refuses because
/// the session is in another phase. The session and the states are lent after all other arguments are made. So an
/// argument can look at them, and can refuse before a state is locked.
///
/// Where the handler takes the room by reference, the room is locked before any argument is made. So each is made
/// once for a message, also for one that had to wait for the room; and others wait for the room meanwhile, so an
/// argument should be quick.
///
/// A handler that takes `Option<X>` runs without X where that is missing: where `X::from_context` returns a `Reject`
/// marked by [`Reject::absent`].
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
///     /// The number of a player. A peer without one is refused.
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
    /// Why the argument cannot be made. The handler is not run then.
    fn from_context(context: &mut C) -> Result<Self, Reject>;
}

/// A context with a server: that of every event.
pub trait WithServer<'a> {
    /// The server that the event belongs to.
    fn server(&self) -> &'a Server;
}

/// A context with a connection: that of every event but `tick`, `watch`, `shutdown`, `empty` and timers of a state or a
/// room.
pub trait WithConn<'a>: WithServer<'a> {
    /// The connection that the event belongs to.
    fn conn(&self) -> &'a Conn;
}

/// A context with a payload of type `M`.
///
/// The payload is a [`Handshake`](crate::Handshake) for `handshake` and `create`, a [`Utf8`](crate::Utf8) for `utf8`,
/// a [`Binary`](crate::Binary) for `binary` and `pong`, an [`Envelope`](crate::Envelope) for named messages and
/// `message`, a [`Close`](crate::Close) for `disconnect`, and a [`Request`](crate::Request) for `request`.
pub trait WithEvent<'a, M>: WithConn<'a> {
    /// The payload of the event.
    fn event(&self) -> &'a M;
}

/// A context with a session of type `Se`: that of `ready`, named messages, `message`, guards, `utf8`, `binary`, `pong`,
/// `disconnect` and timers of the session.
///
/// Not that of a handler with `concurrent`, nor of one whose stream borrows: these run beside handlers that have the
/// session.
pub trait WithSession<Se> {
    /// The session; `None` once it was lent to an argument. The macro lends it last, after all other arguments are
    /// made.
    fn session(&self) -> Option<&Se>;
}

/// A context of a server that has a state of type `T`: that of every event, where `T` is marked `#[state]`.
///
/// If some handler takes the state by `&mut`, it is locked while `look` runs, and released then. So `look` should be
/// quick, and what the argument keeps has to be copied. If all handlers share the state, an argument can also keep a
/// reference to it, with the bound `&'a T: FromContext<'a, C>`.
///
/// ```
/// use std::collections::HashSet;
/// use ws_runtime::event::{FromContext, WithConn, WithState};
/// use ws_runtime::prelude::*;
///
/// #[ws_server(listen = 8080)]
/// mod chat {
///     use super::*;
///
///     #[state]
///     #[derive(Default)]
///     struct Bans { peers: HashSet<std::net::IpAddr> }
///
///     /// A peer that is not banned.
///     struct Welcome;
///
///     impl<'a, C: WithConn<'a> + WithState<Bans>> FromContext<'a, C> for Welcome {
///         fn from_context(context: &mut C) -> Result<Self, Reject> {
///             let peer = context.conn().ip();
///             let is_banned = context.with_state(|bans| peer.is_some_and(|peer| bans.peers.contains(&peer)));
///             if is_banned { Err(Reject::forbidden()) } else { Ok(Welcome) }
///         }
///     }
///
///     #[on(utf8)]
///     fn said(text: &str, _: Welcome, server: &Server) {
///         server.broadcast_utf8(text);
///     }
///
///     #[on(binary)]
///     fn ban(data: &[u8], conn: &Conn, bans: &mut Bans) {
///         bans.peers.extend(conn.ip());
///     }
/// }
/// # fn main() {}
/// ```
pub trait WithState<T> {
    /// Looks at the state.
    fn with_state<R>(&mut self, look: impl FnOnce(&T) -> R) -> R;
}

/// The context of a connection's event. `K` is the store of the states, `Se` the session's type, and `M` the payload's.
#[derive(Debug)]
pub struct ConnContext<'a, K, Se: 'static, M> {
    conn: &'a Conn,
    store: &'a K,
    session: Option<&'a mut Option<Se>>,
    brought: &'a M,
}

/// The context of an event of the server as a whole. `K` is the store of the states.
#[derive(Debug)]
pub struct ServerContext<'a, K> {
    server: &'a Server,
    store: &'a K,
}

impl<'a, K, Se: 'static, M> ConnContext<'a, K, Se, M> {
    pub(crate) fn new(
        conn: &'a Conn,
        store: &'a K,
        session: Option<&'a mut Option<Se>>,
        brought: &'a M,
    ) -> Self {
        Self { conn, store, session, brought }
    }

    /// The store of the states.
    #[doc(hidden)]
    #[inline]
    pub fn store(&self) -> &'a K {
        self.store
    }

    /// The payload.
    pub(crate) fn payload(&self) -> &'a M {
        self.brought
    }

    /// The session, lent while the handler runs.
    ///
    /// # Panics
    ///
    /// If it is taken twice. The macro refuses such a signature.
    #[doc(hidden)]
    #[expect(clippy::expect_used, reason = "refused at compile time")]
    pub fn take_session(&mut self) -> &'a mut Se {
        self.session
            .take()
            .and_then(Option::as_mut)
            .expect("a session is lent once, and only after the handshake")
    }

    /// The session by value: only for `disconnect`, the last event of a connection.
    ///
    /// # Panics
    ///
    /// If it is taken twice. The macro refuses such a signature.
    #[doc(hidden)]
    #[expect(clippy::expect_used, reason = "refused at compile time")]
    pub fn take_session_by_value(&mut self) -> Se {
        self.session.take().and_then(Option::take).expect("a session is given once, and only to `disconnect`")
    }
}

impl<'a, K, Se: 'static, M> WithServer<'a> for ConnContext<'a, K, Se, M> {
    fn server(&self) -> &'a Server {
        self.conn.server()
    }
}

impl<'a, K, Se: 'static, M> WithConn<'a> for ConnContext<'a, K, Se, M> {
    fn conn(&self) -> &'a Conn {
        self.conn
    }
}

impl<'a, K, Se: 'static, M> WithEvent<'a, M> for ConnContext<'a, K, Se, M> {
    fn event(&self) -> &'a M {
        self.brought
    }
}

impl<K, Se: 'static, M> WithSession<Se> for ConnContext<'_, K, Se, M> {
    fn session(&self) -> Option<&Se> {
        self.session.as_deref()?.as_ref()
    }
}

impl<'a, K> ServerContext<'a, K> {
    pub(crate) fn new(server: &'a Server, store: &'a K) -> Self {
        Self { server, store }
    }

    /// The store of the states.
    #[doc(hidden)]
    #[inline]
    pub fn store(&self) -> &'a K {
        self.store
    }
}

impl<'a, K> WithServer<'a> for ServerContext<'a, K> {
    fn server(&self) -> &'a Server {
        self.server
    }
}

/// A context that can lend a state of type `T` for as long as the handler runs, because the state has no lock.
#[doc(hidden)]
pub trait SharesState<'a, T> {
    fn state(&self) -> &'a T;
}

impl<'a, T: 'a, K: Keeps<T, Cell = Plain<T>>, Se: 'static, M> SharesState<'a, T>
    for ConnContext<'a, K, Se, M>
{
    fn state(&self) -> &'a T {
        self.store.cell().share()
    }
}

impl<'a, T: 'a, K: Keeps<T, Cell = Plain<T>>> SharesState<'a, T> for ServerContext<'a, K> {
    fn state(&self) -> &'a T {
        self.store.cell().share()
    }
}

/// Never implemented: the macro locks a state where it sees the state's name, in the order of declaration.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the state `{T}` is behind a lock, so it is taken by its own name only",
    label = "another name of `{T}`, declared elsewhere",
    note = "the server locks its states in the order of their declaration, and has to see their names for that: write `&{T}` or `&mut {T}`"
)]
pub trait LocksByAnyName<T> {
    fn lend<L>(&self) -> L;
}

impl<K: Keeps<T>, T, Se: 'static, M> WithState<T> for ConnContext<'_, K, Se, M> {
    fn with_state<R>(&mut self, look: impl FnOnce(&T) -> R) -> R {
        self.store.cell().with(look)
    }
}

impl<K: Keeps<T>, T> WithState<T> for ServerContext<'_, K> {
    fn with_state<R>(&mut self, look: impl FnOnce(&T) -> R) -> R {
        self.store.cell().with(look)
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
