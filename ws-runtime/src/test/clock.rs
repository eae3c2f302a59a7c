//! The paused clock of a test.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::Seconds;

/// The longest time that passes in one step: a century.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Whether tokio's clock is paused. tokio itself does not say.
pub(super) fn is_paused() -> bool {
    let start = Instant::now();
    let real = std::time::Instant::now();
    while real.elapsed() < Duration::from_micros(1) {
        std::hint::spin_loop();
    }
    Instant::now() == start
}

/// The time that is meant; less than none is none.
pub(super) fn span(seconds: Seconds) -> Duration {
    seconds.clamped(LONGEST)
}

/// Lets time pass, and then all run that is due.
///
/// It sleeps instead of moving the clock by itself, so that what is due earlier runs at its own time.
pub(super) async fn advance(by: Duration) {
    if !by.is_zero() {
        sleep_until(Instant::now() + by).await;
    }
    settle().await;
}

/// Waits until no task can run any further at this moment of the clock.
///
/// tokio does not say when that is. But it counts how often the only worker had nothing to do, and the paused clock
/// stands still while there is work on a blocking thread. So that thread watches the count.
#[cfg(target_has_atomic = "64")]
async fn settle() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// How often the blocking thread looks without a pause: mostly there is little to run.
    const LOOKS: u32 = 100;
    /// How long it pauses after that.
    const PAUSE: Duration = Duration::from_micros(20);

    /// Ends the blocking thread if the test stops waiting: a runtime that ends waits for its blocking threads.
    struct Waiting(Arc<AtomicBool>);

    impl Drop for Waiting {
        fn drop(&mut self) {
            self.0.store(false, Ordering::Relaxed);
        }
    }

    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.worker_park_count(0);
    let is_waiting = Arc::new(AtomicBool::new(true));
    let waiting = Waiting(Arc::clone(&is_waiting));
    // It fails only if the runtime ends.
    let _ = tokio::task::spawn_blocking(move || {
        let mut looks = 0;
        while is_waiting.load(Ordering::Relaxed) && metrics.worker_park_count(0) == before {
            looks += 1;
            if looks <= LOOKS { std::thread::yield_now() } else { std::thread::sleep(PAUSE) }
        }
    })
    .await;
    drop(waiting);
}

/// tokio does not keep this count on such targets. A turn of the runtime runs up to 61 tasks.
#[cfg(not(target_has_atomic = "64"))]
async fn settle() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::task::yield_now;
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_paused_clock_is_told_from_one_that_runs() {
        assert!(is_paused());
        tokio::time::resume();
        assert!(!is_paused());
    }

    #[tokio::test(start_paused = true)]
    async fn all_that_is_due_runs_to_its_end_and_nothing_later_begins() {
        let done = Arc::new(AtomicU32::new(0));
        for _ in 0..300 {
            let done = Arc::clone(&done);
            tokio::spawn(async move {
                sleep(Duration::from_secs(5)).await;
                for _ in 0..100 {
                    yield_now().await;
                }
                let last = tokio::spawn(async move { done.fetch_add(1, Ordering::Relaxed) });
                last.await.unwrap();
                sleep(Duration::from_millis(1)).await;
                panic!("this is due later");
            });
        }
        let start = Instant::now();
        advance(Duration::from_secs(5)).await;
        assert_eq!(done.load(Ordering::Relaxed), 300);
        assert_eq!(start.elapsed(), Duration::from_secs(5));
        advance(Duration::ZERO).await;
        assert_eq!(start.elapsed(), Duration::from_secs(5));
    }
}
