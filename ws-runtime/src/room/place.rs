//! How many rooms of a route there are: `max_rooms` counts them while they have a state.

use std::sync::Arc;

use super::handle::RoomState;
use super::stateful::StatefulRooms;

/// The place of one room among `max_rooms`, from before `create` until after `empty`.
pub(super) struct Place<T: RoomState>(Arc<StatefulRooms<T>>);

/// The place that a room gets if `create` makes it: one that is free, or that of a kept room. That makes way only
/// then, so that peers whom `create` refuses cost nobody a room.
pub(super) enum Reserved<T: RoomState> {
    Free(Place<T>),
    OfKept(OfKept<T>),
}

/// The place of a room that is kept, promised to one that is being made.
pub(super) struct OfKept<T: RoomState>(Arc<StatefulRooms<T>>);

/// Held while a room that was kept makes way for another one, which has its place already.
pub(super) struct MakingWay<T: RoomState>(Arc<StatefulRooms<T>>);

/// The counts of one route.
#[derive(Debug, Default)]
pub(super) struct Places {
    taken: usize,
    making_way: usize,
    promised: usize,
}

impl Places {
    fn has_room(&self, max_rooms: usize) -> bool {
        self.taken.saturating_sub(self.making_way) < max_rooms
    }
}

impl<T: RoomState> StatefulRooms<T> {
    /// Reserves a place for a room that is to be made. `None` if there is neither a free one nor one of a kept room.
    pub(super) fn reserve_place(self: &Arc<Self>) -> Option<Reserved<T>> {
        let kept = self.queue.len();
        let mut places = self.places();
        if places.has_room(self.max_rooms()) {
            places.taken += 1;
            return Some(Reserved::Free(Place(Arc::clone(self))));
        }
        // The rooms that make way have a state until they are empty: so many there may be beyond the limit.
        if places.promised >= kept || places.making_way + places.promised >= self.max_rooms() {
            return None;
        }
        places.promised += 1;
        Some(Reserved::OfKept(OfKept(Arc::clone(self))))
    }
}

impl<T: RoomState> Reserved<T> {
    /// Takes the place for a room that is made. The room that has been kept for the longest time makes way, if need
    /// be. If somebody has come back to it meanwhile, there is one room more than `max_rooms`: the new one has its
    /// state already.
    pub(super) fn take(self) -> Place<T> {
        let rooms = match self {
            Self::Free(place) => return place,
            Self::OfKept(OfKept(ref rooms)) => Arc::clone(rooms),
        };
        let makes_way = {
            let mut places = rooms.places();
            let makes_way = !places.has_room(rooms.max_rooms());
            places.taken += 1;
            makes_way
        };
        drop(self);
        if makes_way && let Some((turn, room)) = rooms.claim_first_kept() {
            rooms.places().making_way += 1;
            rooms.empty(turn, room, Some(MakingWay(Arc::clone(&rooms))));
        }
        Place(rooms)
    }
}

impl<T: RoomState> Drop for Place<T> {
    fn drop(&mut self) {
        self.0.places().taken -= 1;
    }
}

impl<T: RoomState> Drop for OfKept<T> {
    fn drop(&mut self) {
        self.0.places().promised -= 1;
    }
}

impl<T: RoomState> Drop for MakingWay<T> {
    fn drop(&mut self) {
        self.0.places().making_way -= 1;
    }
}
