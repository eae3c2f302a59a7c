//! What happened, on its way to a handler: where it happened, and what may be lent to the handler's arguments.

use super::context::{ConnContext, ServerContext};
use super::route::Route;
use super::service::Service;
use super::store::{Guarded, Hold, Locked, Plain, Shared, Store, Withheld};
use crate::{Conn, Server};

/// An event of a connection on its way to a handler. `K` is where the state is kept, `Se` the session's type.
#[doc(hidden)]
pub struct ConnEvent<'a, K, Se: 'static> {
    conn: &'a Conn,
    store: &'a K,
    session: Option<&'a mut Option<Se>>,
}

/// An event of the server as a whole on its way to a handler. `K` is where the state is kept.
#[doc(hidden)]
pub struct ServerEvent<'a, K> {
    server: &'a Server,
    store: &'a K,
}

/// An event of a connection that a route serves.
#[doc(hidden)]
pub type RouteEvent<'a, R> = ConnEvent<'a, <<R as Route>::Server as Service>::Store, <R as Route>::Session>;

/// An event of a connection that is yet to be opened.
#[doc(hidden)]
pub type OpeningEvent<'a, S> = ConnEvent<'a, <S as Service>::Store, NotYet>;

/// The session of events that come before there is one.
#[doc(hidden)]
#[derive(Debug)]
pub enum NotYet {}

impl<'a, K: Store> ConnEvent<'a, K, NotYet> {
    pub(crate) fn before_session(conn: &'a Conn, store: &'a K) -> Self {
        Self { conn, store, session: None }
    }
}

impl<'a, K: Store, Se: 'static> ConnEvent<'a, K, Se> {
    pub(crate) fn new(conn: &'a Conn, store: &'a K, session: &'a mut Option<Se>) -> Self {
        Self { conn, store, session: Some(session) }
    }

    /// The connection, to send a reply to.
    #[must_use]
    pub fn conn(&self) -> &'a Conn {
        self.conn
    }

    /// The context of an `async` handler where the state is behind a lock.
    #[must_use]
    pub fn withheld(self) -> ConnContext<'a, Withheld, Se> {
        ConnContext::new(self.conn, Withheld, self.session)
    }
}

impl<'a, T, Se: 'static> ConnEvent<'a, Plain<T>, Se> {
    /// The context where the state needs no lock.
    #[must_use]
    pub fn shared(self) -> ConnContext<'a, Shared<'a, T>, Se> {
        ConnContext::new(self.conn, self.store.share(), self.session)
    }
}

impl<'a, T, Se: 'static> ConnEvent<'a, Guarded<T>, Se> {
    /// The context of a handler that may take the lock on the state.
    #[must_use]
    pub fn locked<'h>(self, hold: &'h mut Hold<'a, T>) -> ConnContext<'h, Locked<'h, 'a, T>, Se> {
        ConnContext::new(self.conn, self.store.lock(hold), self.session)
    }
}

impl<'a, K: Store> ServerEvent<'a, K> {
    pub(crate) fn new(server: &'a Server, store: &'a K) -> Self {
        Self { server, store }
    }

    /// The context of an `async` handler where the state is behind a lock.
    #[must_use]
    pub fn withheld(self) -> ServerContext<'a, Withheld> {
        ServerContext::new(self.server, Withheld)
    }
}

impl<'a, T> ServerEvent<'a, Plain<T>> {
    /// The context where the state needs no lock.
    #[must_use]
    pub fn shared(self) -> ServerContext<'a, Shared<'a, T>> {
        ServerContext::new(self.server, self.store.share())
    }
}

impl<'a, T> ServerEvent<'a, Guarded<T>> {
    /// The context of a handler that may take the lock on the state.
    #[must_use]
    pub fn locked<'h>(self, hold: &'h mut Hold<'a, T>) -> ServerContext<'h, Locked<'h, 'a, T>> {
        ServerContext::new(self.server, self.store.lock(hold))
    }
}
