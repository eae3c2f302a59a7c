//! How long handlers take, if the option `handler_durations` is on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::histogram::Histogram;
use super::shards::this_thread;

/// Whether any server of this process measures handlers. It is asked for each message, so it is no field of a server.
static ANY: AtomicBool = AtomicBool::new(false);

/// So many threads do not wait for each other.
const SHARDS: usize = 16;

/// How long the handlers of a server took.
#[derive(Debug)]
pub(super) struct Handlers {
    is_on: bool,
    shards: [Mutex<BTreeMap<&'static str, Histogram>>; SHARDS],
}

impl Handlers {
    pub(super) fn new(is_on: bool) -> Self {
        if is_on {
            ANY.store(true, Ordering::Relaxed);
        }
        Self { is_on, shards: std::array::from_fn(|_| Mutex::default()) }
    }

    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    pub(super) fn observe(&self, handler: &'static str, duration: Duration) {
        let Some(shard) = self.shards.get(this_thread() % SHARDS) else { return };
        let mut handlers = shard.lock().unwrap_or_else(PoisonError::into_inner);
        handlers.entry(handler).or_insert_with(|| Histogram::new(Histogram::DELAYS)).observe(duration);
    }

    /// The durations by handler, of all threads.
    pub(super) fn list(&self) -> BTreeMap<&'static str, Histogram> {
        let mut all = BTreeMap::new();
        for shard in &self.shards {
            for (handler, durations) in &*shard.lock().unwrap_or_else(PoisonError::into_inner) {
                all.entry(*handler).or_insert_with(|| Histogram::new(Histogram::DELAYS)).add(durations);
            }
        }
        all
    }
}

/// Whether a server of this process measures handlers. If not, none needs to be asked.
#[inline]
pub(crate) fn any_times_handlers() -> bool {
    ANY.load(Ordering::Relaxed)
}
