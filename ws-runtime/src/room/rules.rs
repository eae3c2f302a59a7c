//! What `#[room(…)]` says of the rooms of a route.

use std::time::Duration;

use ws_spec::options::{Bounds, PERIOD};

use crate::options::Seconds;

/// For how long a room may be kept, in seconds.
const KEEP: Bounds = Bounds { least: 0.0, most: PERIOD.most };

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
    /// What is wrong with them: their values may be known only when the server starts.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.keep.within(KEEP).is_none() {
            problems
                .push(format!("`keep` must be 0, or from 0.001 to {} seconds, not {}", KEEP.most, self.keep));
        }
        if self.max_rooms == 0 {
            problems.push("`max_rooms` must be at least 1".to_owned());
        }
        problems
    }

    /// `keep`, if it is right.
    pub(super) fn kept(&self) -> Duration {
        self.keep.saturating()
    }
}

impl Default for RoomRules {
    /// A room is not kept, and there are up to 10,000.
    fn default() -> Self {
        Self { keep: Seconds::from(0), max_rooms: 10_000 }
    }
}
