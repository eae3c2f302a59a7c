//! The session's timers: when they are looked at, and what starts them.

use std::future::poll_fn;
use std::task::Poll;

use tokio::time::Instant;

use super::{Driver, Moment, yield_turn};
use crate::conn::send::Phase;
use crate::timer::Started;

/// What the driver does for the session's timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimerMode {
    /// The session has none: nothing.
    None,
    /// It looks at them when one may be due, before the next message.
    First,
    /// They have just been handled: a message comes first, so that neither keeps the other waiting.
    AfterMessage,
}

impl Driver {
    /// The timers of the session were looked at: the next one is due then. Handlers may start others from now on.
    pub(in crate::conn) fn set_timers(&mut self, next: Option<Instant>) {
        self.timers = TimerMode::AfterMessage;
        self.deadlines.clear_timers();
        self.timer_started(next);
    }

    /// Ends the turn between two timers if the budget is used up.
    pub(in crate::conn) async fn timer_handled(&mut self) {
        self.budget.spend(0, 1);
        if self.budget.is_spent() {
            self.end_turn_of_timers().await;
        }
    }

    /// Ends the turn, so that timers that are always due keep neither the socket nor other tasks waiting.
    pub(in crate::conn) async fn end_turn_of_timers(&mut self) {
        let mut has_yielded = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut has_yielded, true) {
                return Poll::Ready(());
            }
            self.poll_socket(cx);
            yield_turn(cx);
            Poll::Pending
        })
        .await;
    }

    /// Calls handlers, and sets the alarm for the timers that they start.
    pub(in crate::conn) fn observe_timers<T>(&mut self, call: impl FnOnce(&mut Self) -> T) -> T {
        if self.timers == TimerMode::None {
            return call(self);
        }
        let started = Started::begin();
        let result = call(self);
        self.timer_started(started.end());
        result
    }

    /// A handler has started timers, of which the first is due then.
    pub(in crate::conn) fn timer_started(&mut self, due: Option<Instant>) {
        if let Some(due) = due {
            self.deadlines.timer_started(self.conn.server().alarms().moment(due));
        }
    }

    /// Whether the session's timers must be looked at. Once the connection starts to close, they have stopped.
    pub(super) fn must_look_at_timers(&self, now: Moment) -> bool {
        self.deadlines.timers_are_due(now) && self.conn.phase() == Phase::Ready
    }

    /// The same before the next message, unless that comes first this time.
    pub(super) fn take_turn_of_timers(&mut self, now: Moment) -> bool {
        let is_their_turn = self.timers == TimerMode::First;
        if self.timers == TimerMode::AfterMessage {
            self.timers = TimerMode::First;
        }
        is_their_turn && self.must_look_at_timers(now)
    }
}
