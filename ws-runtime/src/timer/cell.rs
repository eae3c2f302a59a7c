//! Where a state with timers is kept: behind a lock, whose release sets the state's alarm.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Started;
use crate::event::StateCell;

/// A state with timers.
#[doc(hidden)]
#[derive(Debug)]
pub struct Timed<T> {
    state: Mutex<Alarmed<T>>,
    /// Notified when the alarm is set to an earlier time.
    sooner: Notify,
}

#[derive(Debug)]
struct Alarmed<T> {
    state: T,
    /// When the alarm rings: not after the first of its timers is due.
    alarm: Option<Instant>,
}

/// The lock on a state with timers. When it is released, the alarm is set for the timers that were started meanwhile.
#[doc(hidden)]
#[derive(Debug)]
pub struct TimedLock<'s, T> {
    alarmed: MutexGuard<'s, Alarmed<T>>,
    sooner: &'s Notify,
    /// Until it is released.
    started: Option<Started>,
}

impl<T> StateCell<T> for Timed<T> {
    const IS_LOCKED: bool = true;

    fn new(state: T) -> Self {
        Self { state: Mutex::new(Alarmed { state, alarm: None }), sooner: Notify::new() }
    }

    fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.lock())
    }
}

impl<T> Timed<T> {
    /// Takes the lock. Poisoning is ignored: the state stays as the handler that panicked left it.
    pub fn lock(&self) -> TimedLock<'_, T> {
        let alarmed = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        TimedLock { alarmed, sooner: &self.sooner, started: Some(Started::begin()) }
    }

    /// Waits until the alarm rings.
    pub(crate) async fn rings(&self) {
        loop {
            let alarm = self.lock().alarmed.alarm;
            match alarm {
                None => self.sooner.notified().await,
                Some(at) => tokio::select! {
                    () = sleep_until(at) => return,
                    () = self.sooner.notified() => {}
                },
            }
        }
    }
}

impl<T> TimedLock<'_, T> {
    /// Sets the alarm for the timers as they are now.
    pub(crate) fn set_alarm(&mut self, next: Option<Instant>) {
        self.alarmed.alarm = next;
    }
}

impl<T> Deref for TimedLock<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.alarmed.state
    }
}

impl<T> DerefMut for TimedLock<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.alarmed.state
    }
}

impl<T> Drop for TimedLock<'_, T> {
    fn drop(&mut self) {
        let started = self.started.take().and_then(Started::end);
        if let Some(at) = started
            && self.alarmed.alarm.is_none_or(|alarm| at < alarm)
        {
            self.alarmed.alarm = Some(at);
            self.sooner.notify_one();
        }
    }
}
