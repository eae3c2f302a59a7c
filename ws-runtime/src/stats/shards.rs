//! The messages of each thread and route, so that threads do not share cache lines.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::tally::Tally;
use super::traffic::{Direction, Kind, Traffic, TrafficCounters};

/// More threads share shards. Sharing is slower, but nothing is lost.
const MAX_SHARDS: usize = 64;

thread_local! {
    /// The number of this thread; `usize::MAX` until it is needed first.
    static THREAD: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// The messages of a server, by route and thread.
#[derive(Debug)]
pub(super) struct Shards {
    /// Those of the first route by thread, then those of the second.
    traffic: Box<[Both]>,
    /// How many there are of each route: a power of two.
    shards: usize,
}

/// Both directions, on cache lines of their own. Processors fetch lines in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Both {
    received: TrafficCounters,
    sent: TrafficCounters,
}

impl Shards {
    /// For about so many threads, and at least one route.
    pub(super) fn new(threads: usize, routes: usize) -> Self {
        let shards = threads.clamp(1, MAX_SHARDS).next_power_of_two();
        let traffic = std::iter::repeat_with(Both::default).take(shards * routes.max(1)).collect();
        Self { traffic, shards }
    }

    /// The messages of a route that this thread counts. `None` if there is no such route.
    #[inline]
    fn of_thread(&self, route: usize) -> Option<&Both> {
        let shard = this_thread() & self.shards.wrapping_sub(1);
        self.traffic.get(route.wrapping_mul(self.shards).wrapping_add(shard))
    }

    /// Adds up what a connection of this route has counted.
    #[inline]
    pub(super) fn add(&self, route: usize, tally: &Tally) {
        let Some(both) = self.of_thread(route) else { return };
        both.received.add(&tally.received);
        both.sent.add(&tally.sent);
    }

    /// Counts messages or control frames of one kind, of `bytes` in all.
    pub(super) fn count(&self, route: usize, direction: Direction, kind: Kind, count: u64, bytes: u64) {
        let Some(both) = self.of_thread(route) else { return };
        match direction {
            Direction::Received => both.received.count(kind, count, bytes),
            Direction::Sent => both.sent.count(kind, count, bytes),
        }
    }

    /// The messages of a route, of all threads: received and sent.
    pub(super) fn of_route(&self, route: usize) -> (Traffic, Traffic) {
        let (mut received, mut sent) = (Traffic::default(), Traffic::default());
        for both in self.traffic.iter().skip(route * self.shards).take(self.shards) {
            received += both.received.get();
            sent += both.sent.get();
        }
        (received, sent)
    }
}

/// The number of this thread.
#[inline]
pub(super) fn this_thread() -> usize {
    match THREAD.get() {
        usize::MAX => number_thread(),
        thread => thread,
    }
}

#[cold]
fn number_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    THREAD.set(number);
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_threads_count_at_once_is_all_there() {
        let shards = Shards::new(3, 2);
        std::thread::scope(|scope| {
            for _ in 0..9 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        shards.count(1, Direction::Sent, Kind::Text, 1, 5);
                        shards.count(0, Direction::Received, Kind::Pong, 1, 0);
                    }
                });
            }
        });
        let (received, sent) = shards.of_route(1);
        assert_eq!((received, sent.text, sent.bytes), (Traffic::default(), 9000, 45_000));
        assert_eq!(shards.of_route(0).0.pongs, 9000);
        assert!(shards.of_thread(1000).is_none());
    }
}
