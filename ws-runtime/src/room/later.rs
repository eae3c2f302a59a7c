//! Calls with a room's state that wait for their turn.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::yield_now;

use super::handle::RoomState;
use super::typed::TypedRoom;
use crate::conn::catch_call;

/// How many calls may wait for one room.
const MAX_QUEUED: usize = 1024;

/// After so many calls, others get the state before the next.
const TURN: usize = 64;

/// The name of these calls in the log.
const LATER: &str = "later";

/// A call with the state.
pub(super) type Call<T> = Box<dyn FnOnce(&mut T) + Send>;

/// The calls that wait for one room. Its lock is a leaf.
pub(super) struct Later<T>(Mutex<Queue<T>>);

struct Queue<T> {
    stage: Stage,
    /// Whether there is a task that makes the calls.
    runs: bool,
    calls: VecDeque<Call<T>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The state is being made. Calls wait for it.
    Creating,
    Open,
    /// The state is gone or will be.
    Closed,
}

/// What became of a call.
pub(super) enum Queued<T> {
    /// Spawn the task that makes it.
    First,
    More,
    Refused(Call<T>),
}

impl<T> Later<T> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Queue { stage: Stage::Creating, runs: false, calls: VecDeque::new() }))
    }

    pub(super) fn push(&self, call: Call<T>) -> Queued<T> {
        let mut queue = self.queue();
        if queue.stage == Stage::Closed || queue.calls.len() >= MAX_QUEUED {
            return Queued::Refused(call);
        }
        queue.calls.push_back(call);
        if queue.stage == Stage::Open && !std::mem::replace(&mut queue.runs, true) {
            return Queued::First;
        }
        Queued::More
    }

    /// The state is there. Returns whether calls wait for it.
    pub(super) fn open(&self) -> bool {
        let mut queue = self.queue();
        queue.stage = Stage::Open;
        queue.runs = !queue.calls.is_empty();
        queue.runs
    }

    /// Takes no more calls. Returns those that wait.
    pub(super) fn close(&self) -> VecDeque<Call<T>> {
        let mut queue = self.queue();
        queue.stage = Stage::Closed;
        std::mem::take(&mut queue.calls)
    }

    /// The next call. If there is none, the task ends.
    fn next(&self) -> Option<Call<T>> {
        let mut queue = self.queue();
        let next = queue.calls.pop_front();
        if next.is_none() {
            queue.runs = false;
            queue.calls = VecDeque::new();
        }
        next
    }

    fn queue(&self) -> MutexGuard<'_, Queue<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that makes the calls of a room, as long as there are any.
pub(super) async fn run<T: RoomState>(room: TypedRoom<T>) {
    loop {
        // Who empties the room makes the calls that are left.
        let Some(mut state) = room.lock().await else { return };
        let mut panics = Vec::new();
        let mut is_done = false;
        for _ in 0..TURN {
            let Some(call) = room.queue().next() else {
                is_done = true;
                break;
            };
            panics.extend(catch_call(room.server(), LATER, || call(&mut state)).err());
        }
        drop(state);
        // Without the lock: a log subscriber is the user's code too.
        for panic in panics {
            room.server().report(LATER, &Err(panic));
        }
        if is_done {
            return;
        }
        yield_now().await;
    }
}

/// Makes the calls that are left when the room is emptied, and takes no more.
pub(super) async fn finish<T: RoomState>(room: &TypedRoom<T>) {
    let Some(mut state) = room.lock().await else { return };
    let mut panics = Vec::new();
    for call in room.queue().close() {
        panics.extend(catch_call(room.server(), LATER, || call(&mut state)).err());
    }
    drop(state);
    for panic in panics {
        room.server().report(LATER, &Err(panic));
    }
}
