//! A count, a level, how long something took, and counts and durations by a key.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::histogram::Histogram;

/// A count that only grows, until it wraps around after 2^64.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    #[inline]
    pub(crate) fn add(&self, count: u64) {
        // Nothing else is ordered by it.
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A level that rises and falls.
#[derive(Debug, Default)]
pub(crate) struct Level(AtomicI64);

impl Level {
    pub(crate) fn change(&self, by: i64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    /// The level. It is never below 0, though what lowers it may be seen before what raised it.
    pub(crate) fn get(&self) -> u64 {
        u64::try_from(self.0.load(Ordering::Relaxed)).unwrap_or(0)
    }
}

/// How long things took that happen seldom: each takes a lock.
#[derive(Debug)]
pub(crate) struct Durations(Mutex<Histogram>);

impl Durations {
    pub(crate) fn new(bounds: &'static [f64]) -> Self {
        Self(Mutex::new(Histogram::new(bounds)))
    }

    pub(crate) fn observe(&self, duration: Duration) {
        self.lock().observe(duration);
    }

    pub(crate) fn get(&self) -> Histogram {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Histogram> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Values by a key, for what happens seldom: each change takes a lock. Only keys that were used take memory.
#[derive(Debug)]
pub(crate) struct ByKey<K, V>(Mutex<BTreeMap<K, V>>);

impl<K, V> Default for ByKey<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord, V> ByKey<K, V> {
    /// Changes the value of a key, which `new` makes if there is none.
    pub(crate) fn change(&self, key: K, new: impl FnOnce() -> V, change: impl FnOnce(&mut V)) {
        change(self.lock().entry(key).or_insert_with(new));
    }

    /// The keys and their values, in the order of the keys.
    pub(crate) fn list<T>(&self, make: impl FnMut((&K, &V)) -> T) -> Vec<T> {
        self.lock().iter().map(make).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Ord> ByKey<K, u64> {
    pub(crate) fn count(&self, key: K) {
        self.change(key, || 0, |count| *count = count.wrapping_add(1));
    }
}

impl<K: Ord> ByKey<K, Histogram> {
    pub(crate) fn observe(&self, key: K, bounds: &'static [f64], duration: Duration) {
        self.change(key, || Histogram::new(bounds), |durations| durations.observe(duration));
    }
}
