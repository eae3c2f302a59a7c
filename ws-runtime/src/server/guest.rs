//! Connections that another server has accepted, and requests that it has read.

use tokio::time::Instant;
use tokio_util::task::task_tracker::TaskTrackerToken;
use ws_spec::options;

use super::{Capacity, Server, Slot};
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

impl Server {
    /// Takes in a request that another server has read: it counts as a pending handshake, and as a connection. `None` if
    /// there is no room, or if the server accepts nothing more. Without a capacity its connection is counted already, and
    /// it takes no further place.
    pub(crate) fn take_in(&self, capacity: Option<Capacity>, peer: &Address) -> Option<Guest> {
        let now = Instant::now();
        // Before the look at the number, so that many at once do not see the same room.
        let token = capacity.map(|_| self.0.connections.token());
        if !self.accepts() {
            return None;
        }
        if let Some(capacity) = capacity
            && self.0.connections.len() > capacity.connections
        {
            tracing::debug!(%peer, "refused: {capacity} reached");
            self.counters().rejected(Rejected::Full);
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
