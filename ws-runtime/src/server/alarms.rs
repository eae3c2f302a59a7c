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
    set: Mutex<Set>,
    /// Told when an alarm is set for a time before the next look at the clock.
    sooner: Notify,
}

#[derive(Debug, Default)]
struct Set {
    tasks: BTreeMap<(Moment, u64), Waker>,
    /// When the clock is looked at next. An alarm that is taken back leaves it as it is.
    next_look: Option<Moment>,
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
        set.tasks.insert((at, conn), task.clone());
        let is_sooner = set.next_look.is_none_or(|next| at < next);
        drop(set);
        if is_sooner {
            self.sooner.notify_one();
        }
    }

    /// Takes an alarm back; does nothing where it has rung.
    pub(crate) fn unset(&self, at: Moment, conn: u64) {
        self.lock().tasks.remove(&(at, conn));
    }

    /// Rings each alarm at its time, for ever.
    pub(super) async fn ring(&self) {
        loop {
            let next_look = {
                let mut set = self.lock();
                set.next_look = set.tasks.first_key_value().map(|((at, _), _)| *at);
                set.next_look
            };
            let due = async {
                match next_look {
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
        let later = set.tasks.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut set.tasks, later);
        drop(set);
        due.into_values().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Set> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
