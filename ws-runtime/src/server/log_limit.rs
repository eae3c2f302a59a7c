//! Limits how often a line is logged that a peer can cause: that a handler failed, or that a limit was reached.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// How many lines about one subject are logged in a second.
const PER_SECOND: u32 = 10;

/// What a line of the log is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    /// This handler has failed.
    Handler(&'static str),
    /// A peer did what this option does not allow, or the like. That is no error of the program.
    Limit(&'static str),
}

/// The lines of the current second, by their subject. A peer that makes a handler fail must not fill the log.
#[derive(Debug, Default)]
pub(super) struct LogLimit(Mutex<BTreeMap<Subject, Second>>);

#[derive(Debug)]
struct Second {
    since: Instant,
    lines: u32,
}

impl LogLimit {
    /// Counts a line. Returns whether it is logged. What was not is counted in a line of its own, with the next one.
    pub(super) fn allow(&self, subject: Subject) -> bool {
        let now = Instant::now();
        let mut left_out = 0;
        let is_allowed = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let second = all.entry(subject).or_insert(Second { since: now, lines: 0 });
            if now.duration_since(second.since).as_secs() >= 1 {
                left_out = second.lines.saturating_sub(PER_SECOND);
                *second = Second { since: now, lines: 0 };
            }
            second.lines = second.lines.saturating_add(1);
            second.lines <= PER_SECOND
        };
        match subject {
            _ if left_out == 0 => {}
            Subject::Handler(handler) => {
                tracing::error!(handler, count = left_out, "more failures of this handler were not logged");
            }
            Subject::Limit(about) => {
                tracing::warn!(about, count = left_out, "more lines about this were not logged");
            }
        }
        is_allowed
    }
}
