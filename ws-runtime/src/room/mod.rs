//! Rooms: the connections of one path of a route, and the state that they share where the route has one.
//!
//! | module | what it does |
//! |---|---|
//! | [`handle`] | [`Room`]: the handle for user code |
//! | [`rooms`] | [`Rooms`]: all rooms with a state, for user code |
//! | [`member`] | the way in for a connection, and its place in a room |
//! | [`members`] | the connections of a room that are ready |
//! | [`create`] | makes a room, when its first member comes |
//! | [`empty`] | drops a room, after its last member has left |
//! | [`keep`] | keeps a room for a while in between |
//! | [`gate`] | one at a time makes or empties the room of a path; the others wait |
//! | [`typed`] | a room with a state: what its handles share |
//! | [`state`] | the lock on a room's state |
//! | [`later`] | calls with the state that wait for their turn |
//! | [`ticks`], [`timers`], [`tasks`] | what runs in a room by itself |
//! | [`place`] | counts rooms, for `max_rooms` |
//! | [`stateful`], [`plain`] | all rooms of a route, with a state and without |
//! | [`rules`] | what `#[room(…)]` says |
//! | [`host`] | what a room needs of its route |
//!
//! # Who may lock what
//!
//! A handler waits for at most one room: its own, as an argument; and for that only before it is called. The order is
//! always gate, room, states. The gate is held by who makes or empties the room, so `create` and `empty` alternate
//! strictly, and neither waits for a room: `create` has no state yet, and `empty` owns it. No method of [`Room`] or
//! [`Rooms`] waits, but the future of `with`, for which a handler has to be `async`, and then it holds no lock. All
//! other locks in here are leaves, and are not held while the user's code runs.

mod create;
mod empty;
mod gate;
mod handle;
mod host;
mod keep;
mod later;
mod member;
mod members;
mod place;
mod plain;
mod rooms;
mod rules;
mod state;
mod stateful;
mod tasks;
#[cfg(test)]
mod tests;
mod ticks;
mod timers;
mod typed;

/// The primitives of `gate`; loom tests compile that file with loom's.
mod sync {
    pub(super) use std::sync::{Mutex, MutexGuard};
}

pub(crate) use self::handle::InRoom;
pub use self::handle::{HasState, Room, RoomState};
pub(crate) use self::host::Host;
pub(crate) use self::member::{Member, RouteRooms, Stay};
pub(crate) use self::rooms::RoomLists;
pub use self::rooms::Rooms;
pub use self::rules::RoomRules;
pub use self::state::{RoomLock, lock_room, try_lock_room};
pub use self::typed::TypedRoom;
