//! Connections that another server has accepted, and requests that it has read.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;
use tokio_util::task::task_tracker::TaskTrackerToken;
use ws_spec::options;

use super::capacity::Capacity;
use super::{Evicted, Server, Slot};
use crate::conn::Life;
use crate::listen::Address;
use crate::stats::Rejected;

/// A request that another server has read.
pub(crate) struct Guest {
    /// Its place among the pending handshakes.
    pub(crate) slot: Slot,
    /// Counts it as a connection, for which a shutdown waits, unless its connection is counted already.
    pub(crate) token: Option<TaskTrackerToken>,
}

/// The places for connections that another server has accepted. Locked while one is taken: of two at once, one gets the
/// last.
pub(crate) struct Places(Mutex<Capacity>);

impl Places {
    pub(crate) fn new(capacity: Capacity) -> Self {
        Self(Mutex::new(capacity))
    }
}

impl Server {
    /// Takes in a request that another server has read: it counts as a pending handshake, and takes one of these places.
    /// `None` if there is no room, or if the server accepts nothing more. Without places its connection has one already.
    pub(crate) fn take_in(&self, places: Option<&Places>, peer: &Address) -> Option<Guest> {
        let now = Instant::now();
        let token = match places {
            Some(places) => Some(self.take_place(places, peer, now)?),
            None => None,
        };
        // After it is counted: a shutdown waits for it from then on, or has begun already.
        if !self.accepts() {
            return None;
        }
        match self.0.pending.try_take_slot(peer, now) {
            Ok(slot) => Some(Guest { slot, token }),
            Err(no_slot) => {
                if self.allows_log(options::max_handshakes.name) {
                    tracing::warn!(%peer, "refused with 503: {no_slot}");
                }
                self.counters().rejected(Rejected::Handshakes);
                None
            }
        }
    }

    fn take_place(&self, places: &Places, peer: &Address, now: Instant) -> Option<TaskTrackerToken> {
        let locked = places.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A stalled handshake is evicted before a new peer is refused.
        let full = Evicted { option: options::max_connections.name, limit: locked.connections };
        if self.0.connections.len() < locked.connections || self.0.pending.evict_stalled(full, now) {
            return Some(self.0.connections.token());
        }
        let capacity = *locked;
        drop(locked);
        tracing::debug!(%peer, "refused: {capacity} reached");
        self.counters().rejected(Rejected::Full);
        None
    }

    /// How many connections there are, from their request on until their task has ended.
    pub(crate) fn count_connections(&self) -> usize {
        self.0.connections.len()
    }

    /// Runs the task of a connection that another server has accepted.
    pub(crate) fn spawn_connection(&self, life: Life, token: Option<TaskTrackerToken>) {
        self.0.runtime.spawn(async move {
            life.await;
            drop(token);
        });
    }
}
