//! The timers of a room's state: one task for each room in which one runs.

use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use super::handle::{Room, RoomState};
use super::state::Living;
use super::typed::TypedRoom;
use crate::conn::{Panicked, catch, catch_code};
use crate::timer::{Fired, Timers};

/// After so many timers, other tasks run before the next.
const TURN: usize = 64;

/// Runs the handlers of a room's timers, in the order of their times, until none runs any more, the room is emptied,
/// or the server closes its connections.
async fn run<T: RoomState>(room: TypedRoom<T>) {
    let handle = Room::from_typed(&room);
    loop {
        let Some(Look { due, alarm }) = look(&room).await else { return };
        for (number, fired) in due.iter().enumerate() {
            if number % TURN == TURN - 1 {
                yield_now().await;
            }
            if room.is_stopping() {
                return;
            }
            run_handler(&room, &handle, fired).await;
        }
        if !due.is_empty() {
            // The handlers may have started it anew.
            continue;
        }
        tokio::select! {
            biased;
            () = room.stopping() => return,
            () = sleep_until(alarm) => {}
            () = room.started_sooner() => {}
        }
    }
}

struct Look {
    due: Vec<Fired>,
    /// When to look again, if none is due.
    alarm: Instant,
}

/// Looks at the timers. `None` if the task ends.
async fn look<T: RoomState>(room: &TypedRoom<T>) -> Option<Look> {
    let mut lock = room.lock().await?;
    if room.is_stopping() {
        return None;
    }
    let living = lock.living();
    let Found { due, next, panicked } = room.find(living);
    living.alarm = next;
    living.has_timer_task = !due.is_empty() || next.is_some();
    let goes_on = living.has_timer_task;
    drop(lock);
    // Without the lock: a log subscriber is the user's code too.
    for (timer, cause) in panicked {
        room.server().report(timer, &Err(cause));
    }
    goes_on.then(|| Look { due, alarm: next.unwrap_or_else(Instant::now) })
}

async fn run_handler<T: RoomState>(room: &TypedRoom<T>, handle: &Room<T>, fired: &Fired) {
    let name = room.host().timer_handler(fired.handler());
    let outcome = catch(room.server(), name, || room.host().timer(handle, fired)).await;
    if outcome.as_ref().is_ok_and(Result::is_ok) {
        return;
    }
    room.server().report(name, &outcome);
    // If an argument was refused, the timer has not been stopped.
    let stopped = match room.lock().await {
        Some(mut state) => catch_code(name, || room.host().stop_timer(fired, &mut state)),
        None => return,
    };
    if stopped.is_err() {
        room.server().report(name, &stopped.map(Ok));
    }
}

struct Found {
    due: Vec<Fired>,
    next: Option<Instant>,
    /// Keys are copied, by the user's code.
    panicked: Vec<(&'static str, Panicked)>,
}

impl<T: RoomState> TypedRoom<T> {
    /// Makes the task of the timers look at this time, at the latest. Called under the lock on the state.
    pub(super) fn set_alarm(&self, living: &mut Living<T>, at: Instant) {
        if living.is_ending || living.alarm.is_some_and(|alarm| alarm <= at) {
            return;
        }
        living.alarm = Some(at);
        if !std::mem::replace(&mut living.has_timer_task, true) {
            self.run_timers();
        } else if let Some(tasks) = self.tasks() {
            tasks.sooner.notify_one();
        }
    }

    /// Looks at the timers that `create` has started. Returns whether there are any: then their task has to begin,
    /// after the state is where it finds it.
    pub(super) fn look_at_first(&self, living: &mut Living<T>) -> bool {
        if self.host().timers() == 0 {
            return false;
        }
        let Found { due, next, panicked } = self.find(living);
        for (timer, cause) in panicked {
            self.server().report(timer, &Err(cause));
        }
        living.alarm = if due.is_empty() { next } else { Some(Instant::now()) };
        living.has_timer_task = living.alarm.is_some();
        living.has_timer_task
    }

    /// Begins to run the timers.
    pub(super) fn run_timers(&self) {
        self.spawn(run(self.clone()));
    }

    fn find(&self, living: &mut Living<T>) -> Found {
        let mut timers = Timers::at(Instant::now());
        let mut panicked = Vec::new();
        for number in 0..self.host().timers() {
            let state = living.state_mut();
            let name = self.host().timer_handler(number);
            if let Err(cause) = catch_code(name, || self.host().show_timer(number, state, &mut timers)) {
                panicked.push((name, cause));
            }
        }
        let (due, next) = timers.into_due();
        Found { due, next, panicked }
    }

    fn is_stopping(&self) -> bool {
        self.server().is_closing() || self.tasks().is_some_and(super::tasks::Tasks::is_stopping)
    }

    /// Waits until a timer is started that is due before all others.
    async fn started_sooner(&self) {
        match self.tasks() {
            Some(tasks) => tasks.sooner.notified().await,
            None => std::future::pending().await,
        }
    }
}
