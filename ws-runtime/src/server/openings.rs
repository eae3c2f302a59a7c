//! Connections that are not WebSockets yet: how many there may be, and which of them has to go for a newcomer.
//!
//! A peer that connects and then dawdles costs little, but thousands of them would take what honest ones need. Once
//! `max_handshakes` are there, the oldest of those that keep us waiting goes. One that waits for us (for its turn with
//! TLS, for the `handshake` handler) never goes: in a rush of honest peers that would throw away work that is nearly
//! done, and nobody would get in. Where all wait for us, nothing is accepted for a while, and newcomers wait in the
//! kernel's queue.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

use crate::listen::Address;

/// How long a peer may keep us waiting in all before it is one that dawdles: more than a round trip to the other side of
/// the world.
const GRACE: Duration = Duration::from_millis(250);

/// When to look again for room, although no handshake has ended: somebody may have dawdled meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// All connections of a server that are not WebSockets yet.
#[derive(Debug)]
pub(crate) struct Openings {
    most: usize,
    held: Mutex<Held>,
    /// Told when a place was given back.
    freed: Notify,
    /// Steps of TLS handshakes that may be taken at once.
    steps: Semaphore,
}

#[derive(Debug, Default)]
struct Held {
    next: u64,
    /// By number: the oldest first.
    places: BTreeMap<u64, Waiting>,
}

/// One of them, and for whom it waits.
#[derive(Debug)]
struct Waiting {
    source: Option<IpAddr>,
    /// Since when it has been the peer's turn; none while it is ours.
    peers_turn: Option<Instant>,
    /// How long it was the peer's turn before.
    waited: Duration,
    evicted: Arc<Notify>,
}

/// A place among the openings, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    openings: Arc<Openings>,
    number: u64,
    evicted: Arc<Notify>,
}

/// The place went to a newcomer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("max_handshakes reached, this one was stalled")]
pub(crate) struct Evicted;

impl Openings {
    pub(super) fn new(most: usize, steps: usize) -> Self {
        Self {
            most,
            held: Mutex::default(),
            freed: Notify::new(),
            steps: Semaphore::new(steps.clamp(1, Semaphore::MAX_PERMITS)),
        }
    }

    /// Whether a newcomer would find a place, be it that of another.
    pub(super) fn has_room(&self, now: Instant) -> bool {
        let held = self.held();
        held.places.len() < self.most || held.places.values().any(|waiting| waiting.dawdles(now))
    }

    /// Waits until it makes sense to ask for room again.
    pub(super) async fn changed(&self) {
        // Whichever it is, the next thing to do is to ask.
        let _ = timeout(LOOK_AGAIN, self.freed.notified()).await;
    }

    /// Gives a newcomer a place: that of one who dawdles, where there is no other.
    pub(super) fn admit(self: &Arc<Self>, peer: &Address, now: Instant) -> Place {
        let evicted = Arc::new(Notify::new());
        let mut held = self.held();
        if held.places.len() >= self.most {
            held.evict(self.most, now);
        }
        let number = held.next;
        held.next += 1;
        let waiting = Waiting {
            source: source(peer),
            peers_turn: None,
            waited: Duration::ZERO,
            evicted: Arc::clone(&evicted),
        };
        held.places.insert(number, waiting);
        Place { openings: Arc::clone(self), number, evicted }
    }

    /// Has one who dawdles go; false where there is none.
    pub(super) fn evict(&self, now: Instant) -> bool {
        self.held().evict(self.most, now)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn evict(&mut self, most: usize, now: Instant) -> bool {
        let counts = self.counts();
        let greedy = |waiting: &Waiting| {
            // One alone is not greedy, however few places there are.
            let count = waiting.source.map_or(0, |source| counts.get(&source).copied().unwrap_or(0));
            count > 1 && count > most / 4
        };
        let dawdlers = || self.places.iter().filter(|(_, waiting)| waiting.dawdles(now));
        let victim = dawdlers().find(|(_, waiting)| greedy(waiting)).or_else(|| dawdlers().next());
        let Some(number) = victim.map(|(number, _)| *number) else { return false };
        if let Some(waiting) = self.places.remove(&number) {
            waiting.evicted.notify_one();
        }
        true
    }

    /// How many places each address has.
    fn counts(&self) -> HashMap<IpAddr, usize> {
        let mut counts = HashMap::new();
        for source in self.places.values().filter_map(|waiting| waiting.source) {
            *counts.entry(source).or_default() += 1;
        }
        counts
    }
}

impl Waiting {
    fn dawdles(&self, now: Instant) -> bool {
        self.peers_turn.is_some_and(|since| self.waited + now.duration_since(since) >= GRACE)
    }
}

impl Place {
    /// Waits for something that the peer has to do.
    ///
    /// # Errors
    ///
    /// [`Evicted`] where its place went to another meanwhile.
    pub(crate) async fn peers_turn<T>(&self, step: impl Future<Output = T>) -> Result<T, Evicted> {
        if let Some(waiting) = self.openings.held().places.get_mut(&self.number) {
            waiting.peers_turn.get_or_insert(Instant::now());
        }
        let done = tokio::select! {
            biased;
            () = self.evicted.notified() => return Err(Evicted),
            done = step => done,
        };
        let mut held = self.openings.held();
        // Gone between the peer's last byte and now: told twice is told once.
        let waiting = held.places.get_mut(&self.number).ok_or(Evicted)?;
        waiting.waited += waiting.peers_turn.take().map_or(Duration::ZERO, |since| since.elapsed());
        Ok(done)
    }

    /// Waits for a turn with what costs the processor dear: no more are taken at once than there are threads, and all
    /// that can run goes before, so that a rush of TLS handshakes does not hold up the connections that are there.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        let turn = self.openings.steps.acquire().await.ok();
        tokio::task::yield_now().await;
        turn
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.openings.held().places.remove(&self.number);
        self.openings.freed.notify_one();
    }
}

/// What counts as one peer: an IPv4 address, or the network that an IPv6 host has to itself.
fn source(peer: &Address) -> Option<IpAddr> {
    Some(match peer.ip()? {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
    })
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    fn openings(most: usize) -> Arc<Openings> {
        Arc::new(Openings::new(most, 1))
    }

    fn from(ip: &str) -> Address {
        Address::Tcp((ip.parse::<IpAddr>().unwrap(), 1).into())
    }

    /// A place whose peer has said nothing since.
    fn dawdler(openings: &Arc<Openings>, ip: &str) -> tokio::task::JoinHandle<Evicted> {
        let place = openings.admit(&from(ip), Instant::now());
        tokio::spawn(async move { place.peers_turn(pending::<()>()).await.unwrap_err() })
    }

    async fn after(time: Duration) -> Instant {
        tokio::time::sleep(time).await;
        Instant::now()
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_that_dawdles_makes_room() {
        let openings = openings(2);
        let (oldest, second) = (dawdler(&openings, "192.0.2.1"), dawdler(&openings, "192.0.2.2"));
        assert!(!openings.has_room(after(GRACE - Duration::from_millis(1)).await));
        let now = after(Duration::from_millis(1)).await;
        assert!(openings.has_room(now));
        let newcomer = openings.admit(&from("192.0.2.3"), now);
        assert_eq!(oldest.await.unwrap(), Evicted);
        assert!(!second.is_finished());
        drop(newcomer);
        assert!(openings.has_room(now));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_us_never_goes() {
        let openings = openings(1);
        let place = openings.admit(&from("192.0.2.1"), Instant::now());
        place.peers_turn(after(Duration::from_secs(5))).await.unwrap();
        let now = after(Duration::from_secs(5)).await;
        assert!(!openings.has_room(now));
        assert!(!openings.evict(now));
        // What it had waited before counts as soon as it is its turn again.
        let dawdling = tokio::spawn(async move { place.peers_turn(pending::<()>()).await });
        tokio::task::yield_now().await;
        assert!(openings.evict(now));
        assert_eq!(dawdling.await.unwrap(), Err(Evicted));
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_with_more_than_a_quarter_makes_room_first() {
        let openings = openings(8);
        let honest = dawdler(&openings, "192.0.2.1");
        let greedy: Vec<_> = (0..7).map(|_| dawdler(&openings, "192.0.2.2")).collect();
        let now = after(GRACE).await;
        // Seven to two: from then on it has a quarter.
        for _ in 0..5 {
            assert!(openings.evict(now));
        }
        tokio::task::yield_now().await;
        assert_eq!(greedy.iter().filter(|one| one.is_finished()).count(), 5);
        assert!(!honest.is_finished());
        assert!(openings.evict(now));
        assert_eq!(honest.await.unwrap(), Evicted, "it is the oldest");
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_that_went_is_not_worked_for_any_more() {
        let openings = openings(1);
        let place = openings.admit(&from("192.0.2.1"), Instant::now());
        let mut waiting = Box::pin(place.peers_turn(after(GRACE)));
        assert!(timeout(Duration::ZERO, &mut waiting).await.is_err());
        let now = after(GRACE).await;
        assert!(openings.evict(now));
        // The peer's bytes came at the same moment.
        assert_eq!(waiting.await.unwrap_err(), Evicted);
        assert_eq!(place.peers_turn(ready(())).await, Err(Evicted));
    }

    #[test]
    fn an_ipv6_host_has_a_network_of_addresses() {
        assert_eq!(source(&from("2001:db8:1:2:3:4:5:6")), source(&from("2001:db8:1:2::7")));
        assert_ne!(source(&from("2001:db8:1:2::7")), source(&from("2001:db8:1:3::7")));
        assert_ne!(source(&from("192.0.2.1")), source(&from("192.0.2.2")));
        assert_eq!(source(&Address::Memory), None);
    }
}
