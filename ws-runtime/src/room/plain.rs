//! Rooms without a state: a list of connections for each path, gone with the last of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::handle::Room;
use crate::conn::Conn;

/// The rooms of a route whose module has no `#[room]`.
#[derive(Debug, Default)]
pub(crate) struct PlainRooms(Mutex<HashMap<Arc<str>, Counted>>);

#[derive(Debug)]
struct Counted {
    room: Room,
    members: usize,
}

/// A member of a room without a state. It leaves when this is dropped.
#[derive(Debug)]
pub(crate) struct PlainMember {
    rooms: Arc<PlainRooms>,
    room: Room,
}

impl PlainRooms {
    /// Lets a connection into the room of a path. It never waits and never fails.
    pub(super) fn enter(self: &Arc<Self>, conn: &Conn, path: &str) -> PlainMember {
        let room = {
            let mut rooms = self.lock();
            match rooms.get_mut(path) {
                Some(counted) => {
                    counted.members += 1;
                    counted.room.clone()
                }
                None => {
                    let path: Arc<str> = path.into();
                    let room = Room::new(Arc::clone(&path));
                    rooms.insert(path, Counted { room: room.clone(), members: 1 });
                    room
                }
            }
        };
        conn.set_room(room.clone());
        PlainMember { rooms: Arc::clone(self), room }
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Counted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PlainMember {
    fn drop(&mut self) {
        let path = self.room.shared_path();
        let removed = {
            let mut rooms = self.rooms.lock();
            match rooms.get_mut(path) {
                Some(counted) if counted.members > 1 => {
                    counted.members -= 1;
                    None
                }
                Some(_) => rooms.remove(path),
                None => None,
            }
        };
        drop(removed);
    }
}
