//! What surrounds an event: the server, the connection, the state and the session, each lent to one argument.

use crate::{Conn, Server};

/// An argument that does not come from the event itself: implement it to let handlers take a type of yours.
///
/// `C` is the context of the event. Bound it by [`WithConn`] for events of a connection, by [`WithServer`] for all
/// events, `tick`, `watch` and `shutdown` included.
///
/// ```
/// use ws_runtime::event::{FromContext, WithConn};
/// use ws_runtime::prelude::*;
///
/// /// Where the peer sits, as text.
/// struct Seat(String);
///
/// impl<'a, C: WithConn<'a>> FromContext<'a, C> for Seat {
///     fn from_context(context: &mut C) -> Self {
///         Seat(context.conn().peer().to_string())
///     }
/// }
///
/// #[ws_server(listen = 8080)]
/// mod seats {
///     use super::*;
///
///     #[on(ready)]
///     fn hello(seat: Seat) -> String {
///         format!("you sit at {}", seat.0)
///     }
/// }
/// # fn main() {}
/// ```
pub trait FromContext<'a, C>: Sized {
    /// Makes the argument, just before the handler is called.
    fn from_context(context: &mut C) -> Self;
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

/// The context of a connection's event. `St` is how the state is reached, `Se` the session's type.
#[derive(Debug)]
pub struct ConnContext<'a, St, Se: 'static> {
    conn: &'a Conn,
    state: Option<St>,
    session: Option<&'a mut Option<Se>>,
}

/// The context of an event of the server as a whole. `St` is how the state is reached.
#[derive(Debug)]
pub struct ServerContext<'a, St> {
    server: &'a Server,
    state: Option<St>,
}

impl<'a, St, Se: 'static> ConnContext<'a, St, Se> {
    pub(crate) fn new(conn: &'a Conn, state: St, session: Option<&'a mut Option<Se>>) -> Self {
        Self { conn, state: Some(state), session }
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

impl<'a, St, Se: 'static> WithServer<'a> for ConnContext<'a, St, Se> {
    fn server(&self) -> &'a Server {
        self.conn.server()
    }
}

impl<'a, St, Se: 'static> WithConn<'a> for ConnContext<'a, St, Se> {
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

impl<St, Se: 'static> WithState<St> for ConnContext<'_, St, Se> {
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
    fn from_context(context: &mut C) -> Self {
        context.server()
    }
}

impl<'a, C: WithServer<'a>> FromContext<'a, C> for Server {
    fn from_context(context: &mut C) -> Self {
        context.server().clone()
    }
}

impl<'a, C: WithConn<'a>> FromContext<'a, C> for &'a Conn {
    fn from_context(context: &mut C) -> Self {
        context.conn()
    }
}

impl<'a, C: WithConn<'a>> FromContext<'a, C> for Conn {
    fn from_context(context: &mut C) -> Self {
        context.conn().clone()
    }
}
