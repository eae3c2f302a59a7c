//! The messages of each thread and route, so that threads do not share cache lines.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::traffic::{Direction, Traffic, TrafficCounters};

/// More threads share shards. Sharing is slower, but nothing is lost.
const MAX_SHARDS: usize = 64;

thread_local! {
    /// The number of this thread; `usize::MAX` until it is needed first.
    static THREAD: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// The messages of a server, by thread and route.
#[derive(Debug)]
pub(super) struct Shards {
    /// Those of the first thread by route, then those of the second.
    traffic: Box<[Both]>,
    routes: usize,
    /// One less than the number of shards, which is a power of two.
    mask: usize,
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
        let routes = routes.max(1);
        let traffic = std::iter::repeat_with(Both::default).take(shards * routes).collect();
        Self { traffic, routes, mask: shards - 1 }
    }

    /// The messages of a route that this thread counts. `None` if there is no such route.
    #[inline]
    pub(super) fn of_thread(&self, route: usize, direction: Direction) -> Option<&TrafficCounters> {
        let thread = match THREAD.get() {
            usize::MAX => number_thread(),
            thread => thread,
        };
        let both = self.traffic.get((thread & self.mask) * self.routes + route)?;
        Some(match direction {
            Direction::Received => &both.received,
            Direction::Sent => &both.sent,
        })
    }

    /// The messages of a route, of all threads: received and sent.
    pub(super) fn of_route(&self, route: usize) -> (Traffic, Traffic) {
        let (mut received, mut sent) = (Traffic::default(), Traffic::default());
        for both in self.traffic.iter().skip(route).step_by(self.routes) {
            received += both.received.get();
            sent += both.sent.get();
        }
        (received, sent)
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
    use super::super::traffic::Kind;
    use super::*;

    #[test]
    fn what_threads_count_at_once_is_all_there() {
        let shards = Shards::new(3, 2);
        std::thread::scope(|scope| {
            for _ in 0..9 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        shards.of_thread(1, Direction::Sent).unwrap().count(Kind::Text, 1, 5);
                        shards.of_thread(0, Direction::Received).unwrap().count(Kind::Pong, 1, 0);
                    }
                });
            }
        });
        let (received, sent) = shards.of_route(1);
        assert_eq!((received, sent.text, sent.bytes), (Traffic::default(), 9000, 45_000));
        assert_eq!(shards.of_route(0).0.pongs, 9000);
        assert!(shards.of_thread(1000, Direction::Sent).is_none());
    }
}
