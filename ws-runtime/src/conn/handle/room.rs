//! The room that a connection is in.

use super::Conn;
use crate::room::{Room, RoomState};

impl Conn {
    /// The room of the connection: those that came by the same path. `None` before the handshake, and in a server that has neither
    /// routes nor rooms.
    ///
    /// Handlers take it as `&Room`.
    #[must_use]
    pub fn room(&self) -> Option<&Room> {
        Some(self.0.extras.get()?.room.get()?.in_room())
    }

    /// The room of the connection, with its state. `None` if the state has another type; a room without one is of type `()`.
    pub(crate) fn room_of<T: RoomState>(&self) -> Option<&Room<T>> {
        let room = self.0.extras.get()?.room.get()?;
        room.handle().downcast_ref().or_else(|| room.in_room().with_state())
    }

    /// Says which room the connection is in, once, before the connection is ready.
    pub(crate) fn set_room<T: RoomState>(&self, room: Room<T>) {
        let _ = self.extras().room.set(Box::new(room));
    }
}
