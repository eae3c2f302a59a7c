//! The lock on a room's state. Only arguments of handlers lock it, and `later` and `with`.

use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard, Notify};
use tokio::time::Instant;

use super::handle::RoomState;
use super::place::Place;
use super::typed::TypedRoom;
use crate::conn::Conn;
use crate::timer::Started;

/// Where the state of a room is kept.
///
/// Handlers wait for it in a queue: whose turn it is has the lock, even before it runs. So nobody may wait there
/// whose future is not polled for sure: that of [`with`](super::Room::with) belongs to the user, who may poll another
/// one first, and then wait for ever. It waits outside of the queue until the state is free.
pub(super) struct StateCell<T: RoomState> {
    /// `None` from when `empty` begins.
    state: Mutex<Option<Living<T>>>,
    /// How many wait outside of the queue.
    outside: AtomicUsize,
    /// Notifies all of them when the state is free and nobody is in the queue.
    free: Notify,
}

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

/// The lock on a room's state. When it is released, the timers that were started meanwhile begin to run.
#[doc(hidden)]
pub struct RoomLock<'r, T: RoomState> {
    // Released before those are told who wait for it.
    living: MappedMutexGuard<'r, Living<T>>,
    _freeing: Freeing<'r, T>,
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
/// If the connection is in no such room. The macro asks only where there is one, and a room has its state as long as
/// it has a member.
#[expect(clippy::expect_used, reason = "the macro asks only for the room of the route")]
pub async fn lock_room<T: RoomState>(conn: &Conn) -> RoomLock<'_, T> {
    let room =
        conn.room_of::<T>().and_then(|room| room.typed()).expect("the route has rooms with this state");
    room.lock().await.expect("a room has its state as long as it has a member")
}

impl<T: RoomState> TypedRoom<T> {
    /// Locks the state, after those who came before. `None` if there is none yet, or no more. The future must be polled
    /// until it is ready, or dropped.
    pub(crate) async fn lock(&self) -> Option<RoomLock<'_, T>> {
        let cell = self.cell()?;
        // From here on: whose turn it is may give up before the lock is looked at.
        let freeing = Freeing(cell);
        let guard = cell.state.lock().await;
        self.locked(freeing, guard)
    }

    /// The same, but also `None` if another has it.
    pub(crate) fn try_lock(&self) -> Option<RoomLock<'_, T>> {
        let cell = self.cell()?;
        let guard = cell.state.try_lock().ok()?;
        self.locked(Freeing(cell), guard)
    }

    /// Locks the state when nobody else has it or waits for it. The future may be left alone at any time.
    pub(super) async fn lock_when_free(&self) -> Option<RoomLock<'_, T>> {
        let cell = self.cell()?;
        if let Ok(guard) = cell.state.try_lock() {
            return self.locked(Freeing(cell), guard);
        }
        let _outside = Outside::count(&cell.outside);
        loop {
            let mut free = pin!(cell.free.notified());
            free.as_mut().enable();
            // Who has the lock now looks at the count after the release.
            fence(Ordering::SeqCst);
            if let Ok(guard) = cell.state.try_lock() {
                return self.locked(Freeing(cell), guard);
            }
            free.await;
        }
    }

    /// Takes the state, for ever.
    pub(super) async fn take_state(&self) -> Option<Living<T>> {
        let cell = self.cell()?;
        let _freeing = Freeing(cell);
        cell.state.lock().await.take()
    }

    /// The same where nobody waits; `None` too if a handler has it.
    pub(super) fn try_take_state(&self) -> Option<Living<T>> {
        let cell = self.cell()?;
        let _freeing = Freeing(cell);
        cell.state.try_lock().ok()?.take()
    }

    fn locked<'r>(
        &'r self,
        freeing: Freeing<'r, T>,
        guard: MutexGuard<'r, Option<Living<T>>>,
    ) -> Option<RoomLock<'r, T>> {
        let living = MutexGuard::try_map(guard, Option::as_mut).ok()?;
        let started = (self.host().timers() > 0).then(Started::begin);
        Some(RoomLock { living, _freeing: freeing, room: self, started })
    }
}

impl<T: RoomState> StateCell<T> {
    pub(super) fn new(living: Living<T>) -> Self {
        Self { state: Mutex::new(Some(living)), outside: AtomicUsize::new(0), free: Notify::new() }
    }
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

/// Tells those who wait outside of the queue, after the lock was released, or its place in the queue was given up.
struct Freeing<'r, T: RoomState>(&'r StateCell<T>);

impl<T: RoomState> Drop for Freeing<'_, T> {
    fn drop(&mut self) {
        fence(Ordering::SeqCst);
        if self.0.outside.load(Ordering::Relaxed) == 0 {
            return;
        }
        // Who is in the queue has it now, and tells them after that.
        if self.0.state.try_lock().is_ok() {
            self.0.free.notify_waiters();
        }
    }
}

/// Somebody who waits outside of the queue.
struct Outside<'r>(&'r AtomicUsize);

impl<'r> Outside<'r> {
    fn count(outside: &'r AtomicUsize) -> Self {
        outside.fetch_add(1, Ordering::SeqCst);
        Self(outside)
    }
}

impl Drop for Outside<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
