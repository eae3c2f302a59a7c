//! The rooms of a route: what they need of its handlers.

use std::sync::{Arc, Weak};

use crate::event::{Outcome, RoomEvent, Route};
use crate::generated::BoxFuture;
use crate::room::{Host, Room};
use crate::server::Hosted;
use crate::tick::Tick;
use crate::timer::{Fired, Timers};

/// Calls the handlers of a route for its rooms.
pub(super) struct RoomHandlers<R: Route> {
    /// Weak: the rooms belong to the server.
    hosted: Weak<Hosted<R::Server>>,
    ticks: Vec<Tick>,
}

impl<R: Route> RoomHandlers<R> {
    pub(super) fn new(hosted: &Arc<Hosted<R::Server>>, ticks: Vec<Tick>) -> Self {
        Self { hosted: Arc::downgrade(hosted), ticks }
    }
}

impl<R: Route> Host<R::Room> for RoomHandlers<R> {
    fn empty_handler(&self) -> &'static str {
        R::EMPTY
    }

    fn empty<'a>(&'a self, room: &'a Room<R::Room>, state: R::Room) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(hosted) = self.hosted.upgrade() else { return Ok(()) };
            R::empty(RoomEvent::new(&hosted.server, &hosted.store, room), state).await
        })
    }

    fn ticks(&self) -> &[Tick] {
        &self.ticks
    }

    fn tick<'a>(&'a self, number: usize, room: &'a Room<R::Room>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(hosted) = self.hosted.upgrade() else { return Ok(()) };
            R::room_tick(number, RoomEvent::new(&hosted.server, &hosted.store, room)).await
        })
    }

    fn timers(&self) -> usize {
        R::ROOM_TIMERS.len()
    }

    fn timer_handler(&self, number: usize) -> &'static str {
        R::ROOM_TIMERS.get(number).map_or("timer", |timer| timer.name())
    }

    fn show_timer(&self, number: usize, state: &mut R::Room, timers: &mut Timers) {
        if let Some(timer) = R::ROOM_TIMERS.get(number) {
            timer.show(number, state, timers);
        }
    }

    fn timer<'a>(&'a self, room: &'a Room<R::Room>, fired: &'a Fired) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let timer = R::ROOM_TIMERS.get(fired.handler());
            let (Some(hosted), Some(timer)) = (self.hosted.upgrade(), timer) else { return Ok(()) };
            let event = RoomEvent::new(&hosted.server, &hosted.store, room);
            timer.run(event, fired).ended().await
        })
    }

    fn stop_timer(&self, fired: &Fired, state: &mut R::Room) {
        if let Some(timer) = R::ROOM_TIMERS.get(fired.handler()) {
            timer.fire(fired, state);
        }
    }
}
