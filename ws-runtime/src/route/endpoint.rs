//! A route with its types erased: each connection pays for its own session, not for the largest of all.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::conn::Admitted;
use crate::event::{Route, Service};
use crate::generated::BoxFuture;
use crate::server::Hosted;
use crate::{Conn, Handshake, Reject};

/// What serves the connections of a path.
pub(crate) trait Endpoint<S: Service>: Send + Sync {
    /// The number of the route, in the order of their declaration.
    fn number(&self) -> usize;

    /// Runs the handlers of a handshake.
    fn admit<'a>(
        &'a self,
        hosted: &'a Arc<Hosted<S>>,
        conn: &'a Conn,
        handshake: &'a Handshake,
    ) -> BoxFuture<'a, Result<Admitted<S>, Reject>>;
}

/// The endpoint of a route.
pub(super) struct OfRoute<R> {
    number: usize,
    route: PhantomData<fn() -> R>,
}

impl<R> OfRoute<R> {
    pub(super) fn new(number: usize) -> Self {
        Self { number, route: PhantomData }
    }
}

impl<R: Route> Endpoint<R::Server> for OfRoute<R> {
    fn number(&self) -> usize {
        self.number
    }

    fn admit<'a>(
        &'a self,
        hosted: &'a Arc<Hosted<R::Server>>,
        conn: &'a Conn,
        handshake: &'a Handshake,
    ) -> BoxFuture<'a, Result<Admitted<R::Server>, Reject>> {
        Box::pin(Admitted::to::<R>(hosted, conn, handshake, self.number))
    }
}
