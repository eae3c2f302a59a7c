//! Keeps rooms for a while after their last member has left: one queue for each route, and one task as long as it is
//! not empty.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::gate::{Last, Turn, claim};
use super::handle::RoomState;
use super::stateful::{StatefulRooms, Way};
use super::typed::TypedRoom;

/// The rooms of a route that are kept.
#[derive(Debug, Default)]
pub(super) struct KeepQueue {
    queue: Mutex<Queue>,
    /// Notified when a room is kept that is due before all others.
    sooner: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    /// The paths of the rooms. Somebody may have come back meanwhile: then the room has this mark no more.
    paths: BTreeMap<Mark, Arc<str>>,
    next: u64,
    has_task: bool,
}

/// Until when a room is kept, and a number of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    until: Instant,
    number: u64,
}

/// What the last member leaves behind: the room is kept, or emptied at once.
pub(super) fn last_has_left<T: RoomState>(last: Last<Way<T>>) {
    let Last { turn, room, mark } = last;
    let Some(rooms) = turn.way().map(|way| Arc::clone(way.rooms())) else { return };
    let now = Instant::now();
    // Those who come, and are refused, do not lengthen it.
    let until = if room.plain().had_members() { Some(now + rooms.keep) } else { mark.map(|mark| mark.until) };
    match until {
        Some(until) if until > now && !rooms.server.is_spreading() => rooms.keep(turn, room, until),
        Some(_) | None => rooms.empty(turn, room, None),
    }
}

impl<T: RoomState> StatefulRooms<T> {
    fn keep(self: &Arc<Self>, turn: Turn<Way<T>>, room: TypedRoom<T>, until: Instant) {
        let mark = self.queue.mark(until);
        let Some(way) = turn.keep(room, mark) else { return };
        // After the room has its mark: else it could be taken out of the queue before, and stay for ever.
        match self.queue.insert(mark, Arc::clone(way.path())) {
            Inserted::First => self.server.spawn_last(Keeping(Some(Arc::clone(self))).run()),
            Inserted::Sooner => self.queue.sooner.notify_one(),
            Inserted::Later => {}
        }
    }

    /// Takes the turn to empty the room that is due first. `None` if none is kept.
    pub(super) fn claim_first_kept(self: &Arc<Self>) -> Option<(Turn<Way<T>>, TypedRoom<T>)> {
        loop {
            let (mark, path) = self.queue.queue().paths.pop_first()?;
            if let Some(claimed) = claim(self.way_to(&path), mark) {
                return Some(claimed);
            }
        }
    }
}

/// The task that empties the rooms which have been kept for long enough. If it is dropped with its runtime, it
/// empties all: a room that is kept would stay for ever, as its state knows the rooms that know it.
struct Keeping<T: RoomState>(Option<Arc<StatefulRooms<T>>>);

impl<T: RoomState> Keeping<T> {
    /// Goes on as long as there are any. When the server begins to close its connections, it empties all: the peers come
    /// to another process, which makes the room from what `empty` has saved.
    async fn run(mut self) {
        while let Some(rooms) = self.0.as_ref() {
            let Some(first) = rooms.queue.first() else {
                // From here on it is the task of nobody; there may be another one already.
                self.0 = None;
                return;
            };
            let is_last = tokio::select! {
                biased;
                () = rooms.server.spreading() => true,
                () = sleep_until(first) => false,
                () = rooms.queue.sooner.notified() => continue,
            };
            let now = Instant::now();
            while let Some((mark, path)) = rooms.queue.pop_if(|mark| is_last || mark.until <= now) {
                if let Some((turn, room)) = claim(rooms.way_to(&path), mark) {
                    rooms.empty(turn, room, None);
                }
            }
        }
    }
}

impl<T: RoomState> Drop for Keeping<T> {
    fn drop(&mut self) {
        let Some(rooms) = self.0.take() else { return };
        rooms.queue.queue().has_task = false;
        while let Some((turn, room)) = rooms.claim_first_kept() {
            rooms.empty(turn, room, None);
        }
    }
}

/// What it means for the task that a room was added.
enum Inserted {
    /// There is none yet.
    First,
    /// It must wake sooner.
    Sooner,
    Later,
}

impl KeepQueue {
    fn mark(&self, until: Instant) -> Mark {
        let mut queue = self.queue();
        queue.next += 1;
        Mark { until, number: queue.next }
    }

    fn insert(&self, mark: Mark, path: Arc<str>) -> Inserted {
        let mut queue = self.queue();
        let is_sooner = queue.paths.first_key_value().is_none_or(|(first, _)| mark < *first);
        queue.paths.insert(mark, path);
        if !std::mem::replace(&mut queue.has_task, true) {
            Inserted::First
        } else if is_sooner {
            Inserted::Sooner
        } else {
            Inserted::Later
        }
    }

    /// How many rooms are kept.
    pub(super) fn len(&self) -> usize {
        self.queue().paths.len()
    }

    /// Somebody has come back.
    pub(super) fn remove(&self, mark: Mark) {
        let removed = self.queue().paths.remove(&mark);
        drop(removed);
    }

    /// Until when the first room is kept. If there is none, the task ends.
    fn first(&self) -> Option<Instant> {
        let mut queue = self.queue();
        let first = queue.paths.first_key_value().map(|(mark, _)| mark.until);
        queue.has_task = first.is_some();
        first
    }

    fn pop_if(&self, is_due: impl Fn(&Mark) -> bool) -> Option<(Mark, Arc<str>)> {
        let mut queue = self.queue();
        let (mark, _) = queue.paths.first_key_value()?;
        if is_due(mark) { queue.paths.pop_first() } else { None }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
