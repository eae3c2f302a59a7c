//! The rooms of a route whose module has a `#[room]`: by path, each behind its gate.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::gate::{Gate, Gated};
use super::handle::{Room, RoomState};
use super::host::Host;
use super::keep::{KeepQueue, Mark};
use super::place::Places;
use super::rules::RoomRules;
use super::typed::TypedRoom;
use crate::Server;

/// The rooms of one route. Its locks are leaves: none is held while another one is taken, but that of a gate.
pub(crate) struct StatefulRooms<T: RoomState> {
    pub(super) server: Server,
    pub(super) host: Arc<dyn Host<T>>,
    pub(super) keep: Duration,
    max_rooms: usize,
    gates: Mutex<HashMap<Arc<str>, Arc<PathGate<T>>>>,
    places: Mutex<Places>,
    /// How many rooms there are that are neither being made nor emptied.
    open: AtomicUsize,
    pub(super) queue: KeepQueue,
}

/// The gate of one path.
struct PathGate<T: RoomState> {
    path: Arc<str>,
    gate: Gate<TypedRoom<T>, Mark>,
    /// How many [`Way`]s lead to it. Changed under the lock of the gates.
    ways: AtomicUsize,
}

/// Leads to the gate of one path. The path has the same gate as long as there is one, or a room.
pub(super) struct Way<T: RoomState> {
    rooms: Arc<StatefulRooms<T>>,
    gate: Arc<PathGate<T>>,
}

/// A map that once was large gives its memory back when it is an eighth full.
const SHRINK_FROM: usize = 1024;

impl<T: RoomState> StatefulRooms<T> {
    pub(super) fn new(server: Server, host: Arc<dyn Host<T>>, rules: RoomRules) -> Arc<Self> {
        Arc::new(Self {
            server,
            host,
            keep: rules.kept(),
            max_rooms: rules.max_rooms,
            gates: Mutex::default(),
            places: Mutex::default(),
            open: AtomicUsize::new(0),
            queue: KeepQueue::default(),
        })
    }

    /// The way to a path.
    pub(super) fn way_to(self: &Arc<Self>, path: &str) -> Way<T> {
        let mut gates = self.gates();
        let gate = match gates.get(path) {
            Some(gate) => Arc::clone(gate),
            None => {
                let path: Arc<str> = path.into();
                let gate = Arc::new(PathGate {
                    path: Arc::clone(&path),
                    gate: Gate::new(),
                    ways: AtomicUsize::new(0),
                });
                gates.insert(path, Arc::clone(&gate));
                gate
            }
        };
        gate.ways.fetch_add(1, Ordering::Relaxed);
        drop(gates);
        Way { rooms: Arc::clone(self), gate }
    }

    /// The room of a path, if it is neither being made nor emptied.
    pub(super) fn get(&self, path: &str) -> Option<Room<T>> {
        let gate = self.gates().get(path).map(Arc::clone)?;
        gate.gate.room().map(|room| Room::from_typed(&room))
    }

    /// All rooms that are neither being made nor emptied.
    pub(super) fn list(&self) -> Vec<Room<T>> {
        let gates: Vec<_> = self.gates().values().map(Arc::clone).collect();
        gates.iter().filter_map(|gate| gate.gate.room()).map(|room| Room::from_typed(&room)).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    pub(super) fn count_opened(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn max_rooms(&self) -> usize {
        self.max_rooms
    }

    pub(super) fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many paths have a gate.
    #[cfg(test)]
    pub(super) fn paths(&self) -> usize {
        self.gates().len()
    }

    fn gates(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<PathGate<T>>>> {
        self.gates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: RoomState> Way<T> {
    pub(super) fn rooms(&self) -> &Arc<StatefulRooms<T>> {
        &self.rooms
    }

    pub(super) fn path(&self) -> &Arc<str> {
        &self.gate.path
    }
}

impl<T: RoomState> Gated for Way<T> {
    type Room = TypedRoom<T>;
    type Mark = Mark;

    fn gate(&self) -> &Gate<TypedRoom<T>, Mark> {
        &self.gate.gate
    }
}

impl<T: RoomState> Drop for Way<T> {
    fn drop(&mut self) {
        let removed = {
            let mut gates = self.rooms.gates();
            let is_last = self.gate.ways.fetch_sub(1, Ordering::Relaxed) == 1;
            // The room may be kept.
            if is_last && self.gate.gate.is_vacant() {
                let removed = gates.remove(&self.gate.path);
                if gates.capacity() > SHRINK_FROM && gates.len() < gates.capacity() / 8 {
                    let len = gates.len();
                    gates.shrink_to(2 * len);
                }
                removed
            } else {
                None
            }
        };
        drop(removed);
    }
}
