//! Pending handshakes: how many there may be, and which one is evicted for a new connection.
//!
//! A peer that connects and then stalls costs little, but thousands of them would take all slots. Once `max_handshakes`
//! are pending, a new connection evicts the oldest one that has stalled. A connection that waits for the server (for a
//! TLS permit, or for the `handshake` handler) is never evicted: in a rush of honest peers that would waste work that
//! is nearly done, and no peer would get in. If all pending connections wait for the server, it accepts none for a
//! while, and new ones wait in the kernel's queue.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};
use ws_spec::options;

use super::addresses::network;
use crate::listen::Address;

/// How long the server waits for a peer, in total, before the peer counts as stalled. It is longer than the longest
/// round trip on Earth.
const GRACE: Duration = Duration::from_millis(250);

/// How soon to look for a slot again if no handshake has ended: a peer may have stalled meanwhile.
const RECHECK: Duration = Duration::from_millis(10);

/// All connections of a server that are not WebSockets yet.
#[derive(Debug)]
pub(crate) struct PendingHandshakes {
    max_handshakes: usize,
    slots: Mutex<Slots>,
    /// Notified when a slot is given back.
    freed: Notify,
    /// One permit for each step of a TLS handshake that may run at once.
    tls_permits: Semaphore,
}

#[derive(Debug)]
struct Slots {
    /// How long the server waits for a peer, in total, before the peer counts as stalled.
    grace: Duration,
    next: u64,
    /// By number: the oldest first.
    taken: BTreeMap<u64, Pending>,
}

/// A connection in a slot.
#[derive(Debug)]
struct Pending {
    network: Option<IpAddr>,
    /// Since when the server has been waiting for the peer; `None` if the peer waits for the server.
    waiting_since: Option<Instant>,
    /// How long the server waited for the peer before, in total.
    waited: Duration,
    eviction: Arc<Eviction>,
}

/// Notifies the task of a connection that it was evicted.
#[derive(Debug, Default)]
struct Eviction {
    notify: Notify,
    reason: OnceLock<Evicted>,
}

/// A slot among the pending handshakes, given back when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    pending: Arc<PendingHandshakes>,
    number: u64,
    eviction: Arc<Eviction>,
}

/// The connection had to make room for a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("refused: {option} ({limit}) reached, this one was stalled")]
pub(crate) struct Evicted {
    /// The option that bounds them, and its value.
    pub(super) option: &'static str,
    pub(super) limit: usize,
}

/// All slots are taken by connections that wait for the server.
#[cfg(feature = "tower")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} ({max_handshakes}) reached, and none of them is stalled", options::max_handshakes.name)]
pub(super) struct NoSlot {
    max_handshakes: usize,
}

impl PendingHandshakes {
    /// Provides `max_handshakes` slots, and allows `threads` steps of TLS handshakes at once.
    pub(super) fn new(max_handshakes: usize, threads: usize) -> Self {
        Self {
            max_handshakes,
            slots: Mutex::new(Slots { next: 0, taken: BTreeMap::new(), grace: GRACE }),
            freed: Notify::new(),
            tls_permits: Semaphore::new(threads.clamp(1, Semaphore::MAX_PERMITS)),
        }
    }

    /// The same with another grace.
    pub(super) fn with_grace(self, grace: Duration) -> Self {
        self.slots().grace = grace;
        self
    }

    /// Whether there is a slot for a new connection: a free one, or that of a stalled connection.
    pub(super) fn has_room(&self, now: Instant) -> bool {
        let slots = self.slots();
        slots.taken.len() < self.max_handshakes
            || slots.taken.values().any(|pending| pending.is_stalled(slots.grace, now))
    }

    /// How many are pending.
    pub(super) fn len(&self) -> usize {
        self.slots().taken.len()
    }

    /// Waits until there may be a slot again.
    pub(super) async fn changed(&self) {
        // Either way the caller looks again.
        let _ = timeout(RECHECK, self.freed.notified()).await;
    }

    /// Waits until no handshake is going on but those that are stalled, or until this time.
    pub(super) async fn settled(&self, until: Instant) {
        loop {
            let now = Instant::now();
            let is_settled = {
                let slots = self.slots();
                slots.taken.values().all(|pending| pending.is_stalled(slots.grace, now))
            };
            if now >= until || is_settled {
                return;
            }
            // Either way it looks again.
            let _ = timeout_at(until.min(now + RECHECK), self.freed.notified()).await;
        }
    }

    /// Gives a slot to a new connection; evicts a stalled one if no slot is free.
    pub(super) fn take_slot(self: &Arc<Self>, peer: &Address, now: Instant) -> Slot {
        let mut slots = self.slots();
        self.make_room(&mut slots, now);
        self.insert(slots, peer)
    }

    /// The same, unless no slot is free and none is that of a stalled connection.
    #[cfg(feature = "tower")]
    pub(super) fn try_take_slot(self: &Arc<Self>, peer: &Address, now: Instant) -> Result<Slot, NoSlot> {
        let mut slots = self.slots();
        if self.make_room(&mut slots, now) {
            Ok(self.insert(slots, peer))
        } else {
            Err(NoSlot { max_handshakes: self.max_handshakes })
        }
    }

    /// Evicts a stalled connection if no slot is free. Returns false if there is none.
    fn make_room(&self, slots: &mut Slots, now: Instant) -> bool {
        let reason = Evicted { option: options::max_handshakes.name, limit: self.max_handshakes };
        slots.taken.len() < self.max_handshakes || slots.evict_stalled(reason, self.max_handshakes, now)
    }

    fn insert(self: &Arc<Self>, mut slots: MutexGuard<'_, Slots>, peer: &Address) -> Slot {
        let eviction = Arc::<Eviction>::default();
        let number = slots.next;
        slots.next += 1;
        let pending = Pending {
            network: peer.ip().map(network),
            waiting_since: None,
            waited: Duration::ZERO,
            eviction: Arc::clone(&eviction),
        };
        slots.taken.insert(number, pending);
        drop(slots);
        Slot { pending: Arc::clone(self), number, eviction }
    }

    /// Evicts a stalled connection for this reason. Returns false if there is none.
    pub(super) fn evict_stalled(&self, reason: Evicted, now: Instant) -> bool {
        self.slots().evict_stalled(reason, self.max_handshakes, now)
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    /// Evicts the oldest stalled connection, first among those of an address that holds more than a quarter of all
    /// slots.
    fn evict_stalled(&mut self, reason: Evicted, max_handshakes: usize, now: Instant) -> bool {
        let counts = self.counts();
        let is_greedy = |pending: &Pending| {
            // A single connection is not greedy, however few slots there are.
            let count = pending.network.map_or(0, |network| counts.get(&network).copied().unwrap_or(0));
            count > 1 && count > max_handshakes / 4
        };
        let stalled = || self.taken.iter().filter(|(_, pending)| pending.is_stalled(self.grace, now));
        let victim = stalled().find(|(_, pending)| is_greedy(pending)).or_else(|| stalled().next());
        let Some(number) = victim.map(|(number, _)| *number) else { return false };
        if let Some(pending) = self.taken.remove(&number) {
            // Set once: the connection is no longer in the map.
            let _ = pending.eviction.reason.set(reason);
            pending.eviction.notify.notify_one();
        }
        true
    }

    /// How many slots each address has.
    fn counts(&self) -> HashMap<IpAddr, usize> {
        let mut counts = HashMap::new();
        for network in self.taken.values().filter_map(|pending| pending.network) {
            *counts.entry(network).or_default() += 1;
        }
        counts
    }
}

impl Pending {
    fn is_stalled(&self, grace: Duration, now: Instant) -> bool {
        self.waiting_since.is_some_and(|since| self.waited + now.duration_since(since) >= grace)
    }
}

impl Slot {
    /// Waits for something that the peer has to do.
    ///
    /// # Errors
    ///
    /// [`Evicted`] if the slot was given to another connection meanwhile.
    pub(crate) async fn wait_for_peer<T>(&self, step: impl Future<Output = T>) -> Result<T, Evicted> {
        if let Some(pending) = self.pending.slots().taken.get_mut(&self.number) {
            pending.waiting_since.get_or_insert(Instant::now());
        }
        let done = tokio::select! {
            biased;
            evicted = self.evicted() => return Err(evicted),
            done = step => done,
        };
        // The connection may have been evicted after the step was done.
        if self.stop_waiting() { Ok(done) } else { Err(self.evicted().await) }
    }

    /// Adds to the time that the server has waited. Returns false if the connection was evicted.
    fn stop_waiting(&self) -> bool {
        let mut slots = self.pending.slots();
        let Some(pending) = slots.taken.get_mut(&self.number) else { return false };
        pending.waited += pending.waiting_since.take().map_or(Duration::ZERO, |since| since.elapsed());
        true
    }

    /// Waits for a permit to run a step of a TLS handshake, which is expensive. There is one permit for each thread,
    /// and all other tasks that are ready run first. So a rush of TLS handshakes does not delay open connections.
    pub(crate) async fn tls_permit(&self) -> Option<SemaphorePermit<'_>> {
        let permit = self.pending.tls_permits.acquire().await.ok();
        tokio::task::yield_now().await;
        permit
    }

    async fn evicted(&self) -> Evicted {
        loop {
            if let Some(reason) = self.eviction.reason.get() {
                return *reason;
            }
            self.eviction.notify.notified().await;
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.pending.slots().taken.remove(&self.number);
        self.pending.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    const MAX_CONNECTIONS: Evicted = Evicted { option: "max_connections", limit: 100 };

    fn pending_handshakes(max_handshakes: usize) -> Arc<PendingHandshakes> {
        Arc::new(PendingHandshakes::new(max_handshakes, 1))
    }

    fn from(ip: &str) -> Address {
        Address::Tcp((ip.parse::<IpAddr>().unwrap(), 1).into())
    }

    /// A slot whose peer sends nothing.
    fn silent(slots: &Arc<PendingHandshakes>, ip: &str) -> tokio::task::JoinHandle<Evicted> {
        let slot = slots.take_slot(&from(ip), Instant::now());
        tokio::spawn(async move { slot.wait_for_peer(pending::<()>()).await.unwrap_err() })
    }

    async fn after(time: Duration) -> Instant {
        tokio::time::sleep(time).await;
        Instant::now()
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_stalled_connection_is_evicted() {
        let slots = pending_handshakes(2);
        let (oldest, second) = (silent(&slots, "192.0.2.1"), silent(&slots, "192.0.2.2"));
        assert!(!slots.has_room(after(GRACE - Duration::from_millis(1)).await));
        let now = after(Duration::from_millis(1)).await;
        assert!(slots.has_room(now));
        let newcomer = slots.take_slot(&from("192.0.2.3"), now);
        assert_eq!(oldest.await.unwrap(), Evicted { option: "max_handshakes", limit: 2 });
        assert!(!second.is_finished());
        drop(newcomer);
        assert!(slots.has_room(now));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_waits_for_the_server_is_never_evicted() {
        let slots = pending_handshakes(1);
        let slot = slots.take_slot(&from("192.0.2.1"), Instant::now());
        slot.wait_for_peer(after(Duration::from_secs(5))).await.unwrap();
        let now = after(Duration::from_secs(5)).await;
        assert!(!slots.has_room(now));
        assert!(!slots.evict_stalled(MAX_CONNECTIONS, now));
        // What it had waited before counts as soon as it is its turn again.
        let stalled = tokio::spawn(async move { slot.wait_for_peer(pending::<()>()).await });
        tokio::task::yield_now().await;
        assert!(slots.evict_stalled(MAX_CONNECTIONS, now));
        assert!(stalled.await.unwrap().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_with_more_than_a_quarter_of_the_slots_is_evicted_first() {
        let slots = pending_handshakes(8);
        let honest = silent(&slots, "192.0.2.1");
        let greedy: Vec<_> = (0..7).map(|_| silent(&slots, "192.0.2.2")).collect();
        let now = after(GRACE).await;
        // Seven to two: from then on it has a quarter.
        for _ in 0..5 {
            assert!(slots.evict_stalled(MAX_CONNECTIONS, now));
        }
        tokio::task::yield_now().await;
        assert_eq!(greedy.iter().filter(|one| one.is_finished()).count(), 5);
        assert!(!honest.is_finished());
        assert!(slots.evict_stalled(MAX_CONNECTIONS, now));
        assert_eq!(honest.await.unwrap(), MAX_CONNECTIONS, "it is the oldest");
    }

    #[tokio::test(start_paused = true)]
    async fn an_evicted_connection_takes_no_further_step() {
        let slots = pending_handshakes(1);
        let slot = slots.take_slot(&from("192.0.2.1"), Instant::now());
        let mut waiting = Box::pin(slot.wait_for_peer(after(GRACE)));
        assert!(timeout(Duration::ZERO, &mut waiting).await.is_err());
        let now = after(GRACE).await;
        assert!(slots.evict_stalled(MAX_CONNECTIONS, now));
        // The peer's bytes came at the same moment.
        assert!(waiting.await.is_err());
        assert!(slot.wait_for_peer(ready(())).await.is_err());
    }
}
