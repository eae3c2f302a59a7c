//! The room that a connection is in.

use super::Conn;
use crate::room::{Member, Room, RoomState, Stay};

impl Conn {
    /// The room of the connection: those that came by the same path. `None` before `create`, and where there are no
    /// rooms.
    ///
    /// Each route has rooms. A server without routes has them where its module has a `#[room]`, or names `Room` (the
    /// word) anywhere.
    ///
    /// Handlers take it as `&Room`.
    #[must_use]
    pub fn room(&self) -> Option<&Room> {
        Some(self.0.extras.get()?.room.get()?.in_room())
    }

    /// The room of the connection, with its state. `None` if the state has another type; a room without one is of
    /// type `()`.
    pub(crate) fn room_of<T: RoomState>(&self) -> Option<&Room<T>> {
        let room = self.0.extras.get()?.room.get()?;
        room.handle().downcast_ref().or_else(|| room.in_room().with_state())
    }

    /// Says which room the connection is in, once, before the connection is ready.
    pub(crate) fn set_room<T: RoomState>(&self, room: Room<T>) {
        let _ = self.extras().room.set(Box::new(Stay::new(room)));
    }

    /// Keeps the connection in its room until it [leaves](Self::leave_room).
    pub(in crate::conn) fn stay<T: RoomState>(&self, member: Member<T>) {
        let room = self.0.extras.get().and_then(|extras| extras.room.get());
        if let Some(stay) = room.and_then(|room| room.stay().downcast_ref::<Stay<T>>()) {
            stay.begin(member);
        }
    }

    /// Leaves the room, if the connection is in one.
    pub(in crate::conn) fn leave_room(&self) {
        if let Some(room) = self.0.extras.get().and_then(|extras| extras.room.get()) {
            room.leave();
        }
    }
}
