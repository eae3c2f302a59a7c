//! What a field with timers can be.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use tokio::time::Instant;

use super::{Timer, Timers};

/// A field with one timer, or with several.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a timer",
    label = "this field holds no `Timer`",
    note = "a field with a `#[timer]` handler can be: `Timer`, `[Timer; N]`, `Vec<Timer>`, or a `HashMap` or `BTreeMap` to `Timer` from keys that are `Clone`"
)]
pub trait TimerField {
    /// What tells its timers apart.
    type Key: Send + Sync + 'static;

    /// Shows each of its timers.
    fn show(&self, timers: &mut Timers);

    fn get_mut(&mut self, key: &Self::Key) -> Option<&mut Timer>;

    /// Stops the timer with this key if it is due at that time. It is not if it was stopped or started anew since.
    fn fire(&mut self, key: &Self::Key, due: Instant) -> bool {
        match self.get_mut(key) {
            Some(timer) if timer.due == Some(due) => {
                timer.stop();
                true
            }
            Some(_) | None => false,
        }
    }
}

impl TimerField for Timer {
    type Key = ();

    fn show(&self, timers: &mut Timers) {
        timers.see(self, || ());
    }

    fn get_mut(&mut self, (): &()) -> Option<&mut Timer> {
        Some(self)
    }
}

impl<const N: usize> TimerField for [Timer; N] {
    type Key = usize;

    fn show(&self, timers: &mut Timers) {
        self.iter().enumerate().for_each(|(index, timer)| timers.see(timer, || index));
    }

    fn get_mut(&mut self, index: &usize) -> Option<&mut Timer> {
        <[Timer]>::get_mut(self, *index)
    }
}

impl TimerField for Vec<Timer> {
    type Key = usize;

    fn show(&self, timers: &mut Timers) {
        self.iter().enumerate().for_each(|(index, timer)| timers.see(timer, || index));
    }

    fn get_mut(&mut self, index: &usize) -> Option<&mut Timer> {
        <[Timer]>::get_mut(self, *index)
    }
}

impl<K, S> TimerField for HashMap<K, Timer, S>
where
    K: Eq + Hash + Clone + Send + Sync + 'static,
    S: BuildHasher,
{
    type Key = K;

    fn show(&self, timers: &mut Timers) {
        self.iter().for_each(|(key, timer)| timers.see(timer, || key.clone()));
    }

    fn get_mut(&mut self, key: &K) -> Option<&mut Timer> {
        Self::get_mut(self, key)
    }
}

impl<K> TimerField for BTreeMap<K, Timer>
where
    K: Ord + Clone + Send + Sync + 'static,
{
    type Key = K;

    fn show(&self, timers: &mut Timers) {
        self.iter().for_each(|(key, timer)| timers.see(timer, || key.clone()));
    }

    fn get_mut(&mut self, key: &K) -> Option<&mut Timer> {
        Self::get_mut(self, key)
    }
}
