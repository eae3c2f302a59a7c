//! A route with its types erased: each connection pays for its own session, not for the largest of all.

use std::sync::{Arc, OnceLock};

use ws_spec::path::Pattern;

use super::rooms::RoomHandlers;
use crate::conn::Admitted;
use crate::event::{Route, Service};
use crate::generated::BoxFuture;
use crate::room::{Member, RoomRules, RouteRooms};
use crate::server::Hosted;
use crate::tick::Tick;
use crate::{Conn, Handshake, Reject};

/// What serves the connections of a path.
pub(crate) trait Endpoint<S: Service>: Send + Sync {
    /// The number of the route, in the order of their declaration.
    fn number(&self) -> usize;

    /// Its path, with the names of parameters. `None` if it serves every path.
    fn path(&self) -> Option<String>;

    /// Begins to serve: connections come after this.
    fn begin(&self, hosted: &Arc<Hosted<S>>);

    /// Runs the handlers of a handshake.
    fn admit<'a>(
        &'a self,
        hosted: &'a Arc<Hosted<S>>,
        conn: &'a Conn,
        handshake: &'a Handshake,
    ) -> BoxFuture<'a, Result<Admitted<S>, Reject>>;
}

/// The endpoint of a route.
pub(crate) struct OfRoute<R: Route> {
    number: usize,
    /// That of its path: `/table/{id}`. `None` if it serves every path.
    pattern: Option<Pattern>,
    /// `None` if its rooms have no state.
    rules: Option<RoomRules>,
    ticks: Vec<Tick>,
    /// Set when the server begins.
    rooms: OnceLock<RouteRooms<R::Room>>,
}

impl<R: Route> OfRoute<R> {
    pub(super) fn new(
        number: usize,
        pattern: Option<Pattern>,
        rules: Option<RoomRules>,
        ticks: Vec<Tick>,
    ) -> Self {
        Self { number, pattern, rules, ticks, rooms: OnceLock::new() }
    }

    /// The number of the route, in the order of their declaration.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Lets a connection into the room of its path, which `create` makes if it is the first one.
    pub(crate) async fn enter<F>(
        &self,
        conn: &Conn,
        handshake: &Handshake,
        create: impl FnOnce() -> F,
    ) -> Result<Member<R::Room>, Reject>
    where
        F: Future<Output = Result<R::Room, Reject>>,
    {
        if !R::HAS_ROOMS {
            return Ok(Member::Nowhere);
        }
        let path = match &self.pattern {
            Some(pattern) => handshake.parameters().canonical_path(pattern),
            // Without parameters, handlers know the path as it was sent. So must the rooms: another spelling that
            // they would refuse leads to another room.
            None => handshake.path().to_owned(),
        };
        // Set: connections come after the server has begun.
        let rooms = self.rooms.get().ok_or_else(Reject::internal_server_error)?;
        rooms.enter(conn, &path, create).await
    }
}

impl<R: Route> Endpoint<R::Server> for OfRoute<R> {
    fn path(&self) -> Option<String> {
        self.pattern.as_ref().map(ToString::to_string)
    }

    fn number(&self) -> usize {
        self.number
    }

    fn begin(&self, hosted: &Arc<Hosted<R::Server>>) {
        let rooms = match self.rules {
            Some(rules) => {
                let handlers = RoomHandlers::<R>::new(hosted, self.ticks.clone());
                RouteRooms::stateful(&hosted.server, Arc::new(handlers), rules)
            }
            None if R::HAS_ROOMS => RouteRooms::plain(),
            None => RouteRooms::None,
        };
        let _ = self.rooms.set(rooms);
    }

    fn admit<'a>(
        &'a self,
        hosted: &'a Arc<Hosted<R::Server>>,
        conn: &'a Conn,
        handshake: &'a Handshake,
    ) -> BoxFuture<'a, Result<Admitted<R::Server>, Reject>> {
        Box::pin(Admitted::to(self, hosted, conn, handshake))
    }
}
