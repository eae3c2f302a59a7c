//! What happened, on its way to a handler: where it happened, and what may be lent to the handler's arguments.

use super::context::{ConnContext, ServerContext};
use super::service::Service;
use super::store::{Guarded, Hold, Locked, Plain, Shared, Withheld};
use crate::{Conn, Server};

/// The session of events that come before there is one.
#[doc(hidden)]
#[derive(Debug)]
pub enum NotYet {}

/// An event of a connection on its way to a handler.
#[doc(hidden)]
pub struct ConnEvent<'a, S: Service, Se: 'static = <S as Service>::Session> {
    conn: &'a Conn,
    store: &'a S::Store,
    session: Option<&'a mut Option<Se>>,
}

impl<'a, S: Service> ConnEvent<'a, S, NotYet> {
    pub(crate) fn before_session(conn: &'a Conn, store: &'a S::Store) -> Self {
        Self { conn, store, session: None }
    }
}

impl<'a, S: Service> ConnEvent<'a, S> {
    pub(crate) fn new(conn: &'a Conn, store: &'a S::Store, session: &'a mut Option<S::Session>) -> Self {
        Self { conn, store, session: Some(session) }
    }
}

impl<'a, S: Service, Se: 'static> ConnEvent<'a, S, Se> {
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

impl<'a, S: Service<Store = Plain<T>>, Se: 'static, T: 'static> ConnEvent<'a, S, Se> {
    /// The context where the state needs no lock.
    #[must_use]
    pub fn shared(self) -> ConnContext<'a, Shared<'a, T>, Se> {
        ConnContext::new(self.conn, self.store.share(), self.session)
    }
}

impl<'a, S: Service<Store = Guarded<T>>, Se: 'static, T: 'static> ConnEvent<'a, S, Se> {
    /// The context of a handler that may take the lock on the state.
    #[must_use]
    pub fn locked<'h>(self, hold: &'h mut Hold<'a, T>) -> ConnContext<'h, Locked<'h, 'a, T>, Se> {
        ConnContext::new(self.conn, self.store.lock(hold), self.session)
    }
}

/// An event of the server as a whole on its way to a handler.
#[doc(hidden)]
pub struct ServerEvent<'a, S: Service> {
    server: &'a Server,
    store: &'a S::Store,
}

impl<'a, S: Service> ServerEvent<'a, S> {
    pub(crate) fn new(server: &'a Server, store: &'a S::Store) -> Self {
        Self { server, store }
    }

    /// The context of an `async` handler where the state is behind a lock.
    #[must_use]
    pub fn withheld(self) -> ServerContext<'a, Withheld> {
        ServerContext::new(self.server, Withheld)
    }
}

impl<'a, S: Service<Store = Plain<T>>, T: 'static> ServerEvent<'a, S> {
    /// The context where the state needs no lock.
    #[must_use]
    pub fn shared(self) -> ServerContext<'a, Shared<'a, T>> {
        ServerContext::new(self.server, self.store.share())
    }
}

impl<'a, S: Service<Store = Guarded<T>>, T: 'static> ServerEvent<'a, S> {
    /// The context of a handler that may take the lock on the state.
    #[must_use]
    pub fn locked<'h>(self, hold: &'h mut Hold<'a, T>) -> ServerContext<'h, Locked<'h, 'a, T>> {
        ServerContext::new(self.server, self.store.lock(hold))
    }
}
