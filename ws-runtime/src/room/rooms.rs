//! All rooms with a state, for user code.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use super::handle::{Room, RoomState};
use super::stateful::StatefulRooms;
use super::typed::TypedRoom;
use crate::Server;
use crate::route::canonical_segments;

/// The rooms whose state is a `T`: those of the route whose module has `#[room] struct T`. A cheap handle that may be
/// cloned, kept and sent to other threads.
///
/// Any handler of the server can take it by value, as `Rooms<Table>`; elsewhere [`Server::rooms`] gives it. It lists
/// a room from when its `create` has ended until it is emptied, also while it is kept without connections. No method
/// waits for a lock on a room.
///
/// ```
/// use ws_runtime::prelude::*;
///
/// #[ws_server(listen = 8080)]
/// mod table {
///     use super::*;
///
///     #[room(open)]
///     #[derive(Default)]
///     struct Table { rounds: u32 }
///
///     #[on("tables")]
///     fn tables(tables: Rooms<Table>) -> Vec<String> {
///         tables.iter().map(|table| format!("{}: {}", table.path(), table.len())).collect()
///     }
/// }
/// # fn main() {}
/// ```
pub struct Rooms<T: RoomState>(Option<Arc<StatefulRooms<T>>>);

impl<T: RoomState<Handle = TypedRoom<T>>> Rooms<T> {
    /// How many rooms there are, with those that are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |rooms| rooms.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The room of a path, such as `/table/7`. A parameter that takes one segment may be written in any way:
    /// `/table/a:b` is the room whose [`Room::path`] is `/table/a%3Ab`. `None` if there is no such room, or if it is
    /// being made or emptied.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Room<T>> {
        let rooms = self.0.as_ref()?;
        rooms.get(path).or_else(|| rooms.get(&canonical_segments(path)?))
    }

    /// The rooms as they are now, in no order.
    pub fn iter(&self) -> std::vec::IntoIter<Room<T>> {
        self.0.as_ref().map(|rooms| rooms.list()).unwrap_or_default().into_iter()
    }
}

impl Server {
    /// The rooms whose state is a `T`. It has none if no route of the server has such rooms.
    ///
    /// ```
    /// use ws_runtime::prelude::*;
    ///
    /// #[ws_server(listen = 8080)]
    /// mod table {
    ///     use super::*;
    ///
    ///     #[room(open)]
    ///     #[derive(Default)]
    ///     pub struct Table { rounds: u32 }
    /// }
    ///
    /// fn count(server: &Server) -> usize {
    ///     server.rooms::<table::Table>().len()
    /// }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn rooms<T: RoomState>(&self) -> Rooms<T> {
        Rooms(self.room_lists().find())
    }
}

impl<T: RoomState<Handle = TypedRoom<T>>> IntoIterator for Rooms<T> {
    type Item = Room<T>;
    type IntoIter = std::vec::IntoIter<Room<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: RoomState<Handle = TypedRoom<T>>> IntoIterator for &Rooms<T> {
    type Item = Room<T>;
    type IntoIter = std::vec::IntoIter<Room<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: RoomState> Clone for Rooms<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: RoomState> fmt::Debug for Rooms<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.0.as_ref().map_or(0, |rooms| rooms.len());
        f.debug_struct("Rooms").field("len", &len).finish_non_exhaustive()
    }
}

/// The rooms of all routes of a server that have a state, by its type. Each route owns its own.
#[derive(Debug, Default)]
pub(crate) struct RoomLists(RwLock<Vec<(TypeId, Weak<dyn Any + Send + Sync>)>>);

impl RoomLists {
    pub(super) fn add<T: RoomState>(&self, rooms: &Arc<StatefulRooms<T>>) {
        let rooms: Weak<StatefulRooms<T>> = Arc::downgrade(rooms);
        let mut lists = self.0.write().unwrap_or_else(PoisonError::into_inner);
        lists.push((TypeId::of::<T>(), rooms));
    }

    fn find<T: RoomState>(&self) -> Option<Arc<StatefulRooms<T>>> {
        let lists = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (_, rooms) = lists.iter().find(|(state, _)| *state == TypeId::of::<T>())?;
        rooms.upgrade()?.downcast().ok()
    }
}
