//! The ticks of a room: one task for each room that has any.

use std::future::poll_fn;
use std::task::Poll;

use tokio::time::Interval;

use super::handle::{Room, RoomState};
use super::typed::TypedRoom;
use crate::conn::catch;
use crate::server::clock;

/// Runs the ticks of a room, one at a time, until the room is emptied or the server closes its connections.
pub(super) async fn run<T: RoomState>(room: TypedRoom<T>) {
    let handle = Room::from_typed(&room);
    let mut clocks =
        Clocks { clocks: room.host().ticks().iter().map(|tick| clock(tick.period)).collect(), next: 0 };
    loop {
        let at = tokio::select! {
            biased;
            () = room.stopping() => return,
            at = clocks.tick() => at,
        };
        let Some(tick) = room.host().ticks().get(at) else { return };
        let outcome = catch(room.server(), tick.name, || room.host().tick(tick.number, &handle)).await;
        room.server().report(tick.name, &outcome);
    }
}

impl<T: RoomState> TypedRoom<T> {
    /// Waits until no more ticks and timers may begin.
    pub(super) async fn stopping(&self) {
        let stopping = async {
            match self.tasks() {
                Some(tasks) => tasks.stopping().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = stopping => {}
            () = self.server().closing() => {}
        }
    }
}

struct Clocks {
    clocks: Vec<Interval>,
    /// Asked first: one that is always late must not keep the others from running.
    next: usize,
}

impl Clocks {
    /// Waits for the next tick, and returns its place.
    async fn tick(&mut self) -> usize {
        poll_fn(|cx| {
            let count = self.clocks.len();
            for at in (self.next..count).chain(0..self.next) {
                if let Some(clock) = self.clocks.get_mut(at)
                    && clock.poll_tick(cx).is_ready()
                {
                    self.next = (at + 1) % count;
                    return Poll::Ready(at);
                }
            }
            Poll::Pending
        })
        .await
    }
}
