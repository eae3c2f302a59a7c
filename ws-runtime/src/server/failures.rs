//! Limits how often failing handlers are logged.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// How many failures of one handler are logged in a second.
const PER_SECOND: u32 = 10;

/// The failures of the current second, by handler. A peer that makes a handler fail must not fill the log.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<BTreeMap<&'static str, Second>>);

#[derive(Debug)]
struct Second {
    since: Instant,
    failures: u32,
}

impl Failures {
    /// Counts a failure. Returns whether it is logged. What was not is counted in a line of its own, with the next
    /// failure.
    pub(super) fn allow(&self, handler: &'static str) -> bool {
        let now = Instant::now();
        let mut left_out = 0;
        let is_allowed = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let second = all.entry(handler).or_insert(Second { since: now, failures: 0 });
            if now.duration_since(second.since).as_secs() >= 1 {
                left_out = second.failures.saturating_sub(PER_SECOND);
                *second = Second { since: now, failures: 0 };
            }
            second.failures = second.failures.saturating_add(1);
            second.failures <= PER_SECOND
        };
        if left_out > 0 {
            tracing::error!(handler, count = left_out, "more failures of this handler were not logged");
        }
        is_allowed
    }
}
