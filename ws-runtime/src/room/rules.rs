//! What `#[room(…)]` says of the rooms of a route.

use crate::options::Seconds;

/// The rules for the rooms of a route whose module has a `#[room]`.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoomRules {
    /// How long a room stays after its last connection has left.
    pub keep: Seconds,
    /// How many rooms there may be.
    pub max_rooms: usize,
}

impl RoomRules {
    /// A room is not kept, and there are up to 10,000.
    #[must_use]
    pub fn new() -> Self {
        Self { keep: Seconds::from(0), max_rooms: 10_000 }
    }

    #[must_use]
    pub fn keep(self, keep: Seconds) -> Self {
        Self { keep, ..self }
    }

    #[must_use]
    pub fn max_rooms(self, max_rooms: usize) -> Self {
        Self { max_rooms, ..self }
    }
}

impl Default for RoomRules {
    fn default() -> Self {
        Self::new()
    }
}
