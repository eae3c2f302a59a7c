//! Keeps one worker polling I/O while handlers hog the others.
//!
//! One of tokio's workers polls sockets and timers. When an event comes, that worker runs the task that waited for it,
//! and wakes no other worker to poll in its place unless it has more than one task to run. If this task is a handler
//! that computes for long, nobody polls, however many workers sleep. (tokio's `enable_eager_driver_handoff` does better,
//! but only in unstable builds, and it costs something for each message.)

use std::time::Duration;

use tokio::runtime::Runtime;

/// How often the workers are looked at. At worst nobody polls for twice as long.
#[cfg(target_has_atomic = "64")]
const PERIOD: Duration = Duration::from_millis(10);

/// How often while all workers sleep.
#[cfg(target_has_atomic = "64")]
const PERIOD_WHEN_IDLE: Duration = Duration::from_millis(50);

/// Wakes a worker whenever another one has been busy for a whole period: it finds nothing to do, and polls.
#[cfg(target_has_atomic = "64")]
pub(super) async fn keep_polling<T>(workers: &Runtime) -> T {
    let metrics = workers.metrics();
    let mut counts = vec![0; metrics.num_workers()];
    let mut idle = false;
    loop {
        tokio::time::sleep(if idle { PERIOD_WHEN_IDLE } else { PERIOD }).await;
        let mut is_busy = false;
        idle = true;
        for (worker, last) in counts.iter_mut().enumerate() {
            // It counts how often the worker fell asleep and awoke: even means awake.
            let count = metrics.worker_park_unpark_count(worker);
            let is_awake = count.is_multiple_of(2);
            is_busy |= is_awake && count == *last;
            idle &= !is_awake && count == *last;
            *last = count;
        }
        if is_busy {
            workers.spawn(async {});
        }
    }
}

/// tokio does not count here.
#[cfg(not(target_has_atomic = "64"))]
pub(super) async fn keep_polling<T>(_: &Runtime) -> T {
    std::future::pending().await
}
