//! The deadlines of all connections in one place. Each connection has one alarm, which is set to its first deadline.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::conn::Moment;

/// The alarms, by time and by the connection's number. A connection seldom sets its alarm: if its first deadline moves
/// to a later time, the alarm stays as it is. The connection is then woken too early, and sets it again.
#[derive(Debug)]
pub(crate) struct Alarms {
    start: Instant,
    set: Mutex<Set>,
    /// Notified when an alarm is set for a time before `next_look`.
    sooner: Notify,
}

#[derive(Debug, Default)]
struct Set {
    alarms: BTreeSet<(Moment, u64)>,
    /// When [`ring`](Alarms::ring) wakes next. Unsetting an alarm does not change it.
    next_look: Option<Moment>,
}

impl Alarms {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), set: Mutex::default(), sooner: Notify::new() }
    }

    /// The current time on the clock of the alarms.
    pub(crate) fn now(&self) -> Moment {
        Moment::of(self.start, Instant::now())
    }

    /// A time on tokio's clock, on that of the alarms.
    pub(crate) fn moment(&self, instant: Instant) -> Moment {
        Moment::not_before(self.start, instant)
    }

    /// Sets the alarm of the connection with this number.
    pub(crate) fn set(&self, at: Moment, conn: u64) {
        let mut set = self.lock();
        set.alarms.insert((at, conn));
        let is_sooner = set.next_look.is_none_or(|next| at < next);
        drop(set);
        if is_sooner {
            self.sooner.notify_one();
        }
    }

    /// Removes an alarm. Does nothing if it has rung.
    pub(crate) fn unset(&self, at: Moment, conn: u64) {
        self.lock().alarms.remove(&(at, conn));
    }

    /// Calls `wake` with the connection's number at the time of each alarm, and `late` with how much later than that it
    /// ran. Never returns.
    pub(super) async fn ring(&self, mut wake: impl FnMut(u64), mut late: impl FnMut(Duration)) {
        loop {
            let next_look = {
                let mut set = self.lock();
                set.next_look = set.alarms.first().map(|(at, _)| *at);
                set.next_look
            };
            let due = async {
                match next_look {
                    Some(at) => sleep_until(at.instant(self.start)).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = due => {
                    late(next_look.map_or(Duration::ZERO, |at| at.until(self.now())));
                    self.take_due().into_iter().for_each(|(_, conn)| wake(conn));
                }
                () = self.sooner.notified() => {}
            }
        }
    }

    fn take_due(&self) -> BTreeSet<(Moment, u64)> {
        let now = self.now();
        let mut set = self.lock();
        let later = set.alarms.split_off(&(now, u64::MAX));
        std::mem::replace(&mut set.alarms, later)
    }

    fn lock(&self) -> MutexGuard<'_, Set> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
