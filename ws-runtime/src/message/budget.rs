//! How many mistakes a peer is answered.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many errors of its own the runtime answers in a burst, and how often after it. Each bad message would buy a
/// reply otherwise.
const BURST: u64 = 100;
const MICROS_EACH: u64 = 1_000_000 / 20;

/// The budget of one connection for error replies to messages that reached no handler: `bad_request`, `bad_data`,
/// `not_found`, `too_many_requests`, and what an argument refuses, also that the session is in another phase.
///
/// What a handler or a guard returns is not charged, nor are `timeout`, `internal` and `cancelled`: such a reply
/// comes in place of one with data, which is not charged either, and a mistake of the program must not count as the
/// peer's.
///
/// It keeps the time at which the budget is whole again, in microseconds since the server started: each error moves
/// that by [`MICROS_EACH`].
#[derive(Debug, Default)]
pub(crate) struct ErrorBudget(AtomicU64);

impl ErrorBudget {
    /// Charges one error. Returns false if the budget is spent.
    pub(crate) fn charge(&self, now: u64) -> bool {
        // Only the connection's own task charges it.
        let whole = self.0.load(Ordering::Relaxed).max(now) + MICROS_EACH;
        self.0.store(whole, Ordering::Relaxed);
        whole - now <= BURST * MICROS_EACH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_answered_and_then_so_many_a_second() {
        let budget = ErrorBudget::default();
        let answered = |now: u64, tries: u64| (0..tries).filter(|_| budget.charge(now)).count();
        assert_eq!(answered(5, 100), 100);
        assert!(!budget.charge(5));
        let later = ErrorBudget::default();
        assert_eq!((0..100).filter(|_| later.charge(0)).count(), 100);
        assert_eq!((0..20).filter(|_| later.charge(1_000_000)).count(), 20);
        assert!(!later.charge(1_000_000));
    }
}
