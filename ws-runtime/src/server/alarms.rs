//! The deadlines of all connections, in one place: each has one alarm, set to what is due first.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::conn::Moment;

/// Who is to be woken when. A connection sets its alarm seldom: one that only becomes later is left to ring in vain.
#[derive(Debug)]
pub(crate) struct Alarms {
    start: Instant,
    set: Mutex<BTreeMap<(Moment, u64), Waker>>,
    /// Told when an alarm is set before all others.
    sooner: Notify,
}

impl Alarms {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), set: Mutex::default(), sooner: Notify::new() }
    }

    /// The time, by the clock that alarms go by.
    pub(crate) fn now(&self) -> Moment {
        Moment::of(self.start, Instant::now())
    }

    /// Sets the alarm of the connection of that number.
    pub(crate) fn set(&self, at: Moment, conn: u64, task: &Waker) {
        let mut set = self.lock();
        let is_first = set.first_key_value().is_none_or(|((first, _), _)| at < *first);
        set.insert((at, conn), task.clone());
        drop(set);
        if is_first {
            self.sooner.notify_one();
        }
    }

    /// Takes an alarm back; does nothing where it has rung.
    pub(crate) fn unset(&self, at: Moment, conn: u64) {
        self.lock().remove(&(at, conn));
    }

    /// Rings each alarm at its time, for ever.
    pub(super) async fn ring(&self) {
        loop {
            let first = self.lock().first_key_value().map(|((at, _), _)| *at);
            let due = async {
                match first {
                    Some(at) => sleep_until(at.instant(self.start)).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = due => self.ring_due(),
                () = self.sooner.notified() => {}
            }
        }
    }

    fn ring_due(&self) {
        let now = self.now();
        let mut set = self.lock();
        let later = set.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut *set, later);
        drop(set);
        due.into_values().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(Moment, u64), Waker>> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
