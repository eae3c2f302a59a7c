//! A count, a level, and counts by a key.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// A count that only grows, until it wraps around after 2^64.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
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

/// Counts by a key, for what happens seldom: each count takes a lock. Only keys that were counted take memory.
#[derive(Debug)]
pub(crate) struct CountsBy<K>(Mutex<BTreeMap<K, u64>>);

impl<K> Default for CountsBy<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord + Clone> CountsBy<K> {
    pub(crate) fn add(&self, key: K, count: u64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_key = counts.entry(key).or_default();
        *of_key = of_key.wrapping_add(count);
    }

    /// The counts, in the order of their keys.
    pub(crate) fn list(&self) -> Vec<(K, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(key, count)| (key.clone(), *count)).collect()
    }
}
