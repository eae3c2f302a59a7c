//! Keeps one worker polling I/O while handlers hog the others.
//!
//! One of tokio's workers polls sockets and timers. When an event comes, that worker runs the task that waited for it.
//! It wakes another worker to poll in its place only if it has more than one task to run. So if the task is a handler
//! that computes for long, no worker polls, even if others sleep. (tokio's `enable_eager_driver_handoff` solves this
//! too, but only in unstable builds, and at a cost for each message.)

use std::time::Duration;

use tokio::runtime::Runtime;

/// How often the workers are checked. At worst, no worker polls for twice as long.
#[cfg(target_has_atomic = "64")]
const PERIOD: Duration = Duration::from_millis(10);

/// How often the workers are checked while all of them sleep.
#[cfg(target_has_atomic = "64")]
const PERIOD_WHEN_IDLE: Duration = Duration::from_millis(50);

/// If a worker has been busy for a whole period, spawns an empty task. The worker that wakes for it then polls.
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
            // The count rises when the worker falls asleep and when it wakes: an even number means awake.
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

/// tokio does not keep this count on such targets.
#[cfg(not(target_has_atomic = "64"))]
pub(super) async fn keep_polling<T>(_: &Runtime) -> T {
    std::future::pending().await
}
