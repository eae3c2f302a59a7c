//! A look at all timers of an owner, when its alarm rings.

use std::any::Any;

use tokio::time::Instant;

use super::declared::Fires;
use super::started::sooner;
use super::{Timer, TimerField};

/// The timers of an owner, while they are looked at: which are due, and when the next one is.
#[doc(hidden)]
#[derive(Debug)]
pub struct Timers {
    now: Instant,
    /// The number of the handler whose field is shown.
    handler: usize,
    due: Vec<Fired>,
    next: Option<Instant>,
}

/// A timer that is due, on its way to its handler.
#[doc(hidden)]
#[derive(Debug)]
pub struct Fired {
    handler: usize,
    due: Instant,
    key: Box<dyn Any + Send + Sync>,
}

/// A timer of a state of type `O`, before the lock on the state is taken.
#[doc(hidden)]
pub struct Firing<'a, O> {
    fired: &'a Fired,
    timer: &'a dyn Fires<O>,
}

impl Timers {
    pub(crate) fn at(now: Instant) -> Self {
        Self { now, handler: 0, due: Vec::new(), next: None }
    }

    /// Shows a field, with the number of its handler.
    pub(crate) fn show<F: TimerField>(&mut self, handler: usize, field: &F) {
        self.handler = handler;
        field.show(self);
    }

    pub(super) fn see<K: Send + Sync + 'static>(&mut self, timer: &Timer, key: impl FnOnce() -> K) {
        match timer.due {
            Some(due) if due <= self.now => {
                self.due.push(Fired { handler: self.handler, due, key: Box::new(key()) });
            }
            next => self.next = sooner(self.next, next),
        }
    }

    /// Those that are due, in the order in which they became due, and when the next one is.
    pub(crate) fn into_due(self) -> (Vec<Fired>, Option<Instant>) {
        let Self { mut due, next, .. } = self;
        due.sort_by_key(|fired| fired.due);
        (due, next)
    }
}

impl Fired {
    /// The number of its handler.
    pub(crate) fn handler(&self) -> usize {
        self.handler
    }

    /// Its key in the field.
    pub(crate) fn key<F: TimerField>(&self) -> Option<&F::Key> {
        self.key.downcast_ref()
    }

    /// Stops the timer, in its field, and returns its key. `None` if it is no longer due.
    pub(crate) fn fire<F: TimerField>(&self, field: &mut F) -> Option<&F::Key> {
        let key = self.key::<F>()?;
        field.fire(key, self.due).then_some(key)
    }
}

impl<'a, O> Firing<'a, O> {
    pub(crate) fn new(fired: &'a Fired, timer: &'a dyn Fires<O>) -> Self {
        Self { fired, timer }
    }

    /// Stops the timer. Returns false if it is no longer due, so that its handler must not run.
    #[must_use]
    pub fn fire(self, state: &mut O) -> bool {
        self.timer.fire(self.fired, state)
    }
}

impl<O> Clone for Firing<'_, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O> Copy for Firing<'_, O> {}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};
    use std::time::Duration;

    use super::*;

    fn timer(due: Instant) -> Timer {
        Timer { due: Some(due) }
    }

    #[test]
    fn all_that_are_due_are_found_in_the_order_of_their_times() {
        let now = Instant::now();
        let at = |seconds: u64| now + Duration::from_secs(seconds);
        let mut one = timer(at(3));
        let mut array = [timer(at(9)), Timer::default(), timer(at(1))];
        let mut list = vec![timer(at(12)), timer(at(2))];
        let mut map = HashMap::from([("a".to_owned(), timer(at(4))), ("b".to_owned(), timer(at(11)))]);
        let mut tree = BTreeMap::from([((1, 2), timer(at(5))), ((1, 3), timer(at(20)))]);

        let mut timers = Timers::at(at(5));
        timers.show(0, &one);
        timers.show(1, &array);
        timers.show(2, &list);
        timers.show(3, &map);
        timers.show(4, &tree);
        let (due, next) = timers.into_due();
        assert_eq!(due.iter().map(Fired::handler).collect::<Vec<_>>(), [1, 2, 0, 3, 4]);
        assert_eq!(next, Some(at(9)));

        // Each fires once.
        for wanted in [true, false] {
            assert_eq!(due[0].fire(&mut array), wanted.then_some(&2));
            assert_eq!(due[1].fire(&mut list), wanted.then_some(&1));
            assert_eq!(due[2].fire(&mut one), wanted.then_some(&()));
            assert_eq!(due[3].fire(&mut map), wanted.then_some(&"a".to_owned()));
            assert_eq!(due[4].fire(&mut tree), wanted.then_some(&(1, 2)));
        }
    }

    #[test]
    fn a_timer_that_was_started_anew_stopped_or_removed_since_does_not_fire() {
        let now = Instant::now();
        let found = |map: &HashMap<u8, Timer>| {
            let mut timers = Timers::at(now);
            timers.show(0, map);
            timers.into_due().0
        };
        let mut map = HashMap::from([(1, timer(now))]);
        let due = found(&map);
        map.insert(1, timer(now + Duration::from_secs(1)));
        assert_eq!(due[0].fire(&mut map), None);
        map.insert(1, Timer::default());
        assert_eq!(due[0].fire(&mut map), None);
        map.remove(&1);
        assert_eq!(due[0].fire(&mut map), None);
        map.insert(1, timer(now));
        assert_eq!(due[0].fire(&mut map), Some(&1));
    }
}
