//! The rooms of one route as the opening of a connection sees them, and what it gets.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::create::StatefulMember;
use super::handle::{InRoom, Room, RoomState};
use super::host::Host;
use super::plain::{PlainMember, PlainRooms};
use super::rules::RoomRules;
use super::stateful::StatefulRooms;
use crate::conn::Conn;
use crate::{Reject, Server};

/// The rooms of one route. `T` is the state of a room, `()` if it has none.
pub(crate) enum RouteRooms<T: RoomState> {
    /// The route has no rooms.
    None,
    /// Its rooms have no state.
    Plain(Arc<PlainRooms>),
    /// Its module has a `#[room]`.
    Stateful(Arc<StatefulRooms<T>>),
}

/// A connection's place in a room, if its route has rooms. It leaves when this is dropped: that is after its
/// `disconnect`, and after its session.
#[must_use = "a connection leaves its room when this is dropped"]
pub(crate) enum Member<T: RoomState> {
    Nowhere,
    Plain(#[expect(dead_code, reason = "held until it is dropped")] PlainMember),
    Stateful(#[expect(dead_code, reason = "held until it is dropped")] StatefulMember<T>),
}

/// The stay of a connection in its room. The connection keeps it beside other things that few connections have, so
/// that those without a room hold no memory for it.
pub(crate) struct Stay<T: RoomState> {
    room: Room<T>,
    member: Mutex<Member<T>>,
}

impl<T: RoomState> Stay<T> {
    /// The connection is about to enter the room.
    pub(crate) fn new(room: Room<T>) -> Self {
        Self { room, member: Mutex::new(Member::Nowhere) }
    }

    /// The connection stays until it leaves.
    pub(crate) fn begin(&self, member: Member<T>) {
        drop(self.replace(member));
    }

    fn replace(&self, member: Member<T>) -> Member<T> {
        std::mem::replace(&mut *self.member.lock().unwrap_or_else(PoisonError::into_inner), member)
    }
}

impl<T: RoomState> InRoom for Stay<T> {
    fn in_room(&self) -> &Room {
        self.room.in_room()
    }

    fn handle(&self) -> &dyn Any {
        &self.room
    }

    fn stay(&self) -> &dyn Any {
        self
    }

    fn leave(&self) {
        // Without the lock: the room may be emptied.
        drop(self.replace(Member::Nowhere));
    }
}

impl<T: RoomState> fmt::Debug for Stay<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.room.fmt(f)
    }
}

impl<T: RoomState> RouteRooms<T> {
    /// The rooms of a route without a state.
    pub(crate) fn plain() -> Self {
        Self::Plain(Arc::default())
    }

    /// The rooms of a route with a state. They are found by [`Server::rooms`] from here on. `host` says how the route
    /// runs what belongs to a room.
    pub(crate) fn stateful(server: &Server, host: Arc<dyn Host<T>>, rules: RoomRules) -> Self {
        let rooms = StatefulRooms::new(server.clone(), host, rules);
        server.room_lists().add(&rooms);
        Self::Stateful(rooms)
    }

    /// Lets a connection into the room of a path, and sets [`Conn::room`], before `create` is called. The first one
    /// makes the state of the room by `create`, which must report its failures itself.
    ///
    /// # Errors
    ///
    /// That of `create`; 503 if 64 wait for this room already, or `max_rooms` is reached.
    pub(crate) async fn enter<F>(
        &self,
        conn: &Conn,
        path: &str,
        create: impl FnOnce() -> F,
    ) -> Result<Member<T>, Reject>
    where
        F: Future<Output = Result<T, Reject>>,
    {
        match self {
            Self::None => Ok(Member::Nowhere),
            Self::Plain(rooms) => Ok(Member::Plain(rooms.enter(conn, path))),
            Self::Stateful(rooms) => rooms.enter(conn, path, create).await.map(Member::Stateful),
        }
    }
}
