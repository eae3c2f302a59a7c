//! Where a room is made: by the first who enters.

use std::sync::Arc;

use super::gate::{Entered, Full, enter};
use super::handle::{Room, RoomState};
use super::keep::last_has_left;
use super::stateful::{StatefulRooms, Way};
use super::typed::TypedRoom;
use crate::Reject;
use crate::conn::Conn;
use crate::handshake::unavailable;

/// A member of a room with a state, from before its `create` on. It leaves when this is dropped.
pub(crate) struct StatefulMember<T: RoomState>(Option<Way<T>>);

impl<T: RoomState> StatefulRooms<T> {
    /// Lets a connection into the room of a path. The first one makes the room, by `create`.
    ///
    /// If the future is dropped, or `create` fails or panics, it is as if nobody had come. A state that `create` has
    /// made is always emptied later.
    ///
    /// # Errors
    ///
    /// That of `create`; 503 if too many wait for the room, or `max_rooms` is reached.
    pub(super) async fn enter<F>(
        self: &Arc<Self>,
        conn: &Conn,
        path: &str,
        create: impl FnOnce() -> F,
    ) -> Result<StatefulMember<T>, Reject>
    where
        F: Future<Output = Result<T, Reject>>,
    {
        let turn = match enter(self.way_to(path)).await {
            Ok(Entered::Member { way, room, mark }) => {
                if let Some(mark) = mark {
                    self.queue.remove(mark);
                }
                let member = StatefulMember(Some(way));
                conn.set_room(Room::from_typed(&room));
                return Ok(member);
            }
            Ok(Entered::Turn(turn)) => turn,
            Err(Full) => {
                tracing::debug!(conn = conn.id(), room = path, "refused: too many wait for the room");
                return Err(unavailable().text("too many wait for this room"));
            }
        };
        let Some(reserved) = self.reserve_place() else {
            tracing::debug!(
                conn = conn.id(),
                room = path,
                "refused: max_rooms ({}) reached",
                self.max_rooms()
            );
            return Err(unavailable().text("there are too many rooms"));
        };
        let path = turn.way().map_or_else(|| path.into(), |way| Arc::clone(way.path()));
        let room = TypedRoom::new(path, self.server.clone(), Arc::clone(&self.host));
        conn.set_room(Room::from_typed(&room));
        let mut making = Making { room: &room, is_made: false };
        let state = create().await?;
        // Nothing is awaited from here on: a room that has a state has a member.
        making.is_made = true;
        drop(making);
        room.begin(state, reserved.take());
        self.count_opened();
        Ok(StatefulMember(turn.open(room)))
    }
}

impl<T: RoomState> Drop for StatefulMember<T> {
    fn drop(&mut self) {
        if let Some(last) = self.0.take().and_then(super::gate::leave) {
            last_has_left(last);
        }
    }
}

/// A room whose state is being made. If that fails, nothing that was queued for it is called.
struct Making<'r, T: RoomState> {
    room: &'r TypedRoom<T>,
    is_made: bool,
}

impl<T: RoomState> Drop for Making<'_, T> {
    fn drop(&mut self) {
        if !self.is_made {
            self.room.drop_queued();
        }
    }
}
