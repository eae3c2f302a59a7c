//! A room with a state: what its handles share.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::handle::{Room, RoomState};
use super::host::Host;
use super::later::{Call, Later, Queued};
use super::place::Place;
use super::state::{Living, StateCell};
use super::tasks::Tasks;
use crate::Server;
use crate::conn::catch_now;

/// A room with a state.
#[doc(hidden)]
pub struct TypedRoom<T: RoomState>(Arc<Shared<T>>);

struct Shared<T: RoomState> {
    room: Room,
    server: Server,
    host: Arc<dyn Host<T>>,
    /// Not set before `create` has ended.
    state: OnceLock<StateCell<T>>,
    later: Later<T>,
    /// Made when the first task begins.
    tasks: OnceLock<Box<Tasks>>,
}

impl<T: RoomState> TypedRoom<T> {
    /// A room that has no state yet.
    pub(super) fn new(path: Arc<str>, server: Server, host: Arc<dyn Host<T>>) -> Self {
        Self(Arc::new(Shared {
            room: Room::new(path),
            server,
            host,
            state: OnceLock::new(),
            later: Later::new(),
            tasks: OnceLock::new(),
        }))
    }

    /// The room without its state.
    pub(super) fn plain(&self) -> &Room {
        &self.0.room
    }

    pub(super) fn server(&self) -> &Server {
        &self.0.server
    }

    pub(super) fn host(&self) -> &dyn Host<T> {
        &*self.0.host
    }

    /// Where the state is kept, from when `create` has ended.
    pub(super) fn cell(&self) -> Option<&StateCell<T>> {
        self.0.state.get()
    }

    pub(super) fn queue(&self) -> &Later<T> {
        &self.0.later
    }

    /// The tasks of the room, if it ever had any.
    pub(super) fn tasks(&self) -> Option<&Tasks> {
        self.0.tasks.get().map(|tasks| &**tasks)
    }

    /// Spawns a task of the room, which is told to stop before the room is emptied.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let tasks = self.0.tasks.get_or_init(Box::default);
        // Boxed, because each future around it would hold it twice: once to begin with, and once while it runs.
        self.server().spawn(tasks.track(Box::pin(task)));
    }

    /// Gives the room its state, once. From here on it must be emptied.
    pub(super) fn begin(&self, state: T, place: Place<T>) {
        let mut living = Living::new(state, place);
        let has_timers = self.look_at_first(&mut living);
        // It is not set before: `create` makes one state.
        let _ = self.0.state.set(StateCell::new(living));
        if has_timers {
            self.run_timers();
        }
        if !self.host().ticks().is_empty() {
            self.spawn(super::ticks::run(self.clone()));
        }
        if self.queue().open() {
            self.run_later();
        }
    }

    /// Queues a call.
    pub(super) fn later(&self, call: Call<T>) -> bool {
        match self.queue().push(call) {
            Queued::First => {
                self.run_later();
                true
            }
            Queued::More => true,
            Queued::Refused(call) => {
                drop(call);
                false
            }
        }
    }

    /// Takes no more calls, and drops those that wait.
    pub(super) fn drop_queued(&self) {
        for call in self.queue().close() {
            // What a call has captured is the user's. The panic hook has run.
            let _ = catch_now(|| drop(call));
        }
    }

    fn run_later(&self) {
        self.server().spawn(super::later::run(self.clone()));
    }
}

impl<T: RoomState> Clone for TypedRoom<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: RoomState> fmt::Debug for TypedRoom<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.plain().fmt(f)
    }
}
