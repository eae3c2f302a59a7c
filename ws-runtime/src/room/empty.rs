//! Where a room is dropped: after its last member has left, and `keep` has passed.
//!
//! In this order: its ticks and timers stop, the calls of `later` that wait are made, the state is taken out of its
//! lock, `empty` gets it, and the gate becomes vacant. Until then whoever comes waits at the gate.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::gate::Turn;
use super::handle::{Room, RoomState};
use super::place::{MakingWay, Place};
use super::stateful::{StatefulRooms, Way};
use super::tasks::STOPPING;
use super::typed::TypedRoom;
use crate::conn::{catch, catch_now};

/// How long `empty` may take.
const EMPTYING: Duration = Duration::from_secs(30);

impl<T: RoomState> StatefulRooms<T> {
    /// Empties a room, in a task of its own.
    pub(super) fn empty(
        self: &Arc<Self>,
        turn: Turn<Way<T>>,
        room: TypedRoom<T>,
        making_way: Option<MakingWay<T>>,
    ) {
        self.count_closed();
        let emptying = Emptying { is_done: false, making_way, room, _turn: turn };
        self.server.spawn_last(emptying.run());
    }
}

/// A room that is being emptied. Fields are dropped in order: the turn last.
struct Emptying<T: RoomState> {
    is_done: bool,
    making_way: Option<MakingWay<T>>,
    room: TypedRoom<T>,
    _turn: Turn<Way<T>>,
}

impl<T: RoomState> Emptying<T> {
    async fn run(mut self) {
        self.stop_tasks().await;
        super::later::finish(&self.room).await;
        self.call_empty().await;
        self.is_done = true;
    }

    /// Waits until no handler of a tick or a timer runs.
    async fn stop_tasks(&self) {
        match self.room.lock().await {
            // No task of timers begins from here on.
            Some(mut lock) => lock.living().is_ending = true,
            None => return,
        }
        let Some(tasks) = self.room.tasks() else { return };
        if !tasks.stop().await {
            tracing::error!(
                server = self.room.server().name(),
                room = self.room.plain().path(),
                "handlers of the room's ticks or timers dropped: the room is empty, and they took longer than {STOPPING:?}"
            );
        }
    }

    async fn call_empty(&mut self) {
        let Some(living) = self.room.take_state().await else { return };
        let (state, place) = living.into_parts();
        let (host, server) = (self.room.host(), self.room.server());
        let handle = Room::from_typed(&self.room);
        let call = catch(server, host.empty_handler(), || host.empty(&handle, state));
        let emptied = timeout(EMPTYING, call).await;
        match emptied {
            Ok(outcome) => server.report(host.empty_handler(), &outcome),
            Err(_) => tracing::error!(
                handler = host.empty_handler(),
                server = server.name(),
                room = self.room.plain().path(),
                "handler dropped: it took longer than {EMPTYING:?}"
            ),
        }
        self.free(place);
    }

    /// Gives its place to another room. One that makes way has given it away before: so that goes first, else the
    /// place would be given twice in between.
    fn free(&mut self, place: Place<T>) {
        self.making_way = None;
        drop(place);
    }
}

impl<T: RoomState> Drop for Emptying<T> {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        tracing::warn!(
            server = self.room.server().name(),
            room = self.room.plain().path(),
            "a room was not emptied in order: the server has ended before"
        );
        self.room.drop_queued();
        if let Some(living) = self.room.try_take_state() {
            let (state, place) = living.into_parts();
            // The panic hook has run.
            let _ = catch_now(|| drop(state));
            self.free(place);
        }
    }
}
