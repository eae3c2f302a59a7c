//! Sees to it that somebody listens while handlers work.
//!
//! One of tokio's workers waits for sockets and clocks; when it hears something it goes to work on it, and wakes nobody
//! to wait in its place until it has more than one thing to do. Where that one thing is a handler that computes for long,
//! nobody hears anything, however many workers sleep. (tokio can do better, `enable_eager_driver_handoff`, but not in a
//! stable build, and at a cost for each message.)

use std::time::Duration;

use tokio::runtime::Runtime;

/// How often it is looked whether a worker is still at what it was at: twice that long nobody listens, at worst.
const EVERY: Duration = Duration::from_millis(10);

/// How often while all workers sleep.
const EVERY_WHEN_IDLE: Duration = Duration::from_millis(50);

/// Wakes a worker whenever another has been at work for a while: it finds nothing to do, and listens.
#[cfg(target_has_atomic = "64")]
pub(crate) async fn relieve(workers: &Runtime) {
    let metrics = workers.metrics();
    let mut counts = vec![0; metrics.num_workers()];
    let mut idle = false;
    loop {
        tokio::time::sleep(if idle { EVERY_WHEN_IDLE } else { EVERY }).await;
        let mut at_work = false;
        idle = true;
        for (worker, last) in counts.iter_mut().enumerate() {
            // It counts how often the worker fell asleep and awoke: even, it is awake.
            let count = metrics.worker_park_unpark_count(worker);
            let is_awake = count.is_multiple_of(2);
            at_work |= is_awake && count == *last;
            idle &= !is_awake && count == *last;
            *last = count;
        }
        if at_work {
            workers.spawn(async {});
        }
    }
}

/// tokio does not count here.
#[cfg(not(target_has_atomic = "64"))]
pub(crate) async fn relieve(_: &Runtime) {
    std::future::pending().await
}
