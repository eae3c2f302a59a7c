//! How many rooms of a route there are: `max_rooms` counts them while they have a state.

use std::sync::Arc;

use super::handle::RoomState;
use super::stateful::StatefulRooms;

/// The place of one room among `max_rooms`, from before `create` until after `empty`.
pub(super) struct Place<T: RoomState>(Arc<StatefulRooms<T>>);

/// Held while a room that was kept makes way for another one, which has its place already.
pub(super) struct MakingWay<T: RoomState>(Arc<StatefulRooms<T>>);

/// The counts of one route.
#[derive(Debug, Default)]
pub(super) struct Places {
    taken: usize,
    making_way: usize,
}

impl Places {
    fn has_room(&self, max_rooms: usize) -> bool {
        self.taken.saturating_sub(self.making_way) < max_rooms
    }
}

impl<T: RoomState> StatefulRooms<T> {
    /// Takes a place for a new room. If there is none, the room that has been kept for the longest time makes way.
    pub(super) fn take_place(self: &Arc<Self>) -> Option<Place<T>> {
        loop {
            {
                let mut places = self.places();
                if places.has_room(self.max_rooms()) {
                    places.taken += 1;
                    return Some(Place(Arc::clone(self)));
                }
                // The rooms that make way have a state until they are empty: so many there may be beyond the limit.
                if places.making_way >= self.max_rooms() {
                    return None;
                }
            }
            let (turn, room) = self.claim_first_kept()?;
            self.places().making_way += 1;
            self.empty(turn, room, Some(MakingWay(Arc::clone(self))));
        }
    }
}

impl<T: RoomState> Drop for Place<T> {
    fn drop(&mut self) {
        self.0.places().taken -= 1;
    }
}

impl<T: RoomState> Drop for MakingWay<T> {
    fn drop(&mut self) {
        self.0.places().making_way -= 1;
    }
}
