//! What a room needs of its route.

use super::handle::{Room, RoomState};
use crate::event::Outcome;
use crate::generated::BoxFuture;
use crate::tick::Tick;
use crate::timer::{Fired, Timers};

/// The handlers of a route that run for a room as a whole. All that is here knows the route by this alone, so that it
/// can be tested without one.
///
/// It must not own the server with its rooms: a room keeps it.
pub(crate) trait Host<T: RoomState>: Send + Sync + 'static {
    /// The name of the `empty` handler, for the log.
    fn empty_handler(&self) -> &'static str;

    /// Runs the `empty` handler.
    fn empty<'a>(&'a self, room: &'a Room<T>, state: T) -> BoxFuture<'a, Outcome>;

    /// The ticks of each room.
    fn ticks(&self) -> &[Tick] {
        &[]
    }

    /// Runs the tick with this number. It locks the state itself.
    fn tick<'a>(&'a self, number: usize, room: &'a Room<T>) -> BoxFuture<'a, Outcome> {
        let _ = (number, room);
        Box::pin(std::future::ready(Ok(())))
    }

    /// How many timers the state has that have a handler.
    fn timers(&self) -> usize {
        0
    }

    /// The name of a timer's handler, for the log.
    fn timer_handler(&self, number: usize) -> &'static str {
        let _ = number;
        "timer"
    }

    /// Shows the field of the timer with this number.
    fn show_timer(&self, number: usize, state: &mut T, timers: &mut Timers) {
        let _ = (number, state, timers);
    }

    /// Calls the handler of a timer. It locks the state itself, and stops the timer under that lock.
    fn timer<'a>(&'a self, room: &'a Room<T>, fired: &'a Fired) -> BoxFuture<'a, Outcome> {
        let _ = (room, fired);
        Box::pin(std::future::ready(Ok(())))
    }

    /// Stops a timer whose handler could not be run.
    fn stop_timer(&self, fired: &Fired, state: &mut T) {
        let _ = (fired, state);
    }
}
