//! The lock on a room's state. Only arguments of handlers lock it, and `later` and `with`.

use std::ops::{Deref, DerefMut};

use tokio::sync::{MappedMutexGuard, MutexGuard};
use tokio::time::Instant;

use super::handle::RoomState;
use super::place::Place;
use super::typed::TypedRoom;
use crate::conn::Conn;
use crate::timer::Started;

/// The state of a room, and what goes with it.
pub(super) struct Living<T: RoomState> {
    state: T,
    /// When the task of its timers looks at them: not after the first of them is due. `None` if there is no such task.
    pub(super) alarm: Option<Instant>,
    /// Whether there is a task for its timers.
    pub(super) has_timer_task: bool,
    /// Whether no such task begins any more: the room is being emptied.
    pub(super) is_ending: bool,
    place: Place<T>,
}

impl<T: RoomState> Living<T> {
    pub(super) fn new(state: T, place: Place<T>) -> Self {
        Self { state, alarm: None, has_timer_task: false, is_ending: false, place }
    }

    pub(super) fn state_mut(&mut self) -> &mut T {
        &mut self.state
    }

    pub(super) fn into_parts(self) -> (T, Place<T>) {
        (self.state, self.place)
    }
}

/// The lock on a room's state. When it is released, the timers that were started meanwhile begin to run.
#[doc(hidden)]
pub struct RoomLock<'r, T: RoomState> {
    living: MappedMutexGuard<'r, Living<T>>,
    room: &'r TypedRoom<T>,
    /// Until it is released; `None` where no timer has a handler.
    started: Option<Started>,
}

/// Locks the state of the room that the connection is in. `None` if another handler has it.
#[must_use]
pub fn try_lock_room<T: RoomState>(conn: &Conn) -> Option<RoomLock<'_, T>> {
    conn.room_of::<T>()?.typed()?.try_lock()
}

/// Locks the state of the room that the connection is in, as soon as no other handler has it.
///
/// # Panics
///
/// If the connection is in no such room. The macro asks only where there is one, and a room has its state as long as it has a
/// member.
#[expect(clippy::expect_used, reason = "the macro asks only for the room of the route")]
pub async fn lock_room<T: RoomState>(conn: &Conn) -> RoomLock<'_, T> {
    let room =
        conn.room_of::<T>().and_then(|room| room.typed()).expect("the route has rooms with this state");
    room.lock().await.expect("a room has its state as long as it has a member")
}

impl<T: RoomState> TypedRoom<T> {
    /// Locks the state. `None` if there is none yet, or no more.
    pub(crate) async fn lock(&self) -> Option<RoomLock<'_, T>> {
        self.locked(self.state()?.lock().await)
    }

    /// The same, but also `None` if another has it.
    pub(crate) fn try_lock(&self) -> Option<RoomLock<'_, T>> {
        self.locked(self.state()?.try_lock().ok()?)
    }

    fn locked<'r>(&'r self, guard: MutexGuard<'r, Option<Living<T>>>) -> Option<RoomLock<'r, T>> {
        let living = MutexGuard::try_map(guard, Option::as_mut).ok()?;
        let started = (self.host().timers() > 0).then(Started::begin);
        Some(RoomLock { living, room: self, started })
    }
}

impl<T: RoomState> RoomLock<'_, T> {
    pub(super) fn living(&mut self) -> &mut Living<T> {
        &mut self.living
    }
}

impl<T: RoomState> Deref for RoomLock<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.living.state
    }
}

impl<T: RoomState> DerefMut for RoomLock<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.living.state
    }
}

impl<T: RoomState> Drop for RoomLock<'_, T> {
    fn drop(&mut self) {
        if let Some(at) = self.started.take().and_then(Started::end) {
            self.room.set_alarm(&mut self.living, at);
        }
    }
}
