//! What a handler has started: the mark that [`Timer::start`](super::Timer::start) leaves on its thread.

use std::cell::Cell;

use tokio::time::Instant;

thread_local! {
    /// The earliest time for which a timer was started on this thread since the innermost [`Started`] began.
    static EARLIEST: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Notes a timer that was started.
pub(super) fn note(due: Instant) {
    // While a thread ends, no handler runs that an owner waits for.
    let _ = EARLIEST.try_with(|earliest| earliest.set(sooner(earliest.get(), Some(due))));
}

/// Observes what is started from now on, on this thread. A timer does not know its owner: so each owner that a call can
/// change takes all as its own, which costs at most an alarm that rings too early.
#[derive(Debug)]
pub(crate) struct Started {
    /// What was started before, for the `Started` outside of this one.
    before: Option<Instant>,
}

impl Started {
    pub(crate) fn begin() -> Self {
        Self { before: EARLIEST.try_with(Cell::take).ok().flatten() }
    }

    /// The earliest time for which a timer was started since it began.
    pub(crate) fn end(self) -> Option<Instant> {
        EARLIEST
            .try_with(|earliest| {
                let since = earliest.get();
                earliest.set(sooner(self.before, since));
                since
            })
            .ok()
            .flatten()
    }
}

/// The sooner one of two times, if there is any.
pub(crate) fn sooner(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    [one, other].into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_observer_gets_the_earliest_since_it_began_and_those_outside_of_it_too() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let outer = Started::begin();
        note(at(7));
        let inner = Started::begin();
        assert_eq!(Started::begin().end(), None);
        note(at(9));
        note(at(8));
        assert_eq!(inner.end(), Some(at(8)));
        assert_eq!(outer.end(), Some(at(7)));
        assert_eq!(Started::begin().end(), None, "of what was before, nobody is told once more");
    }
}
