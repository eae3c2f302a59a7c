//! Timers: fields of the session, of a room or of a state, whose handlers run when they are due.
//!
//! A [`Timer`] holds only the time when it is due. The connection or the state that owns it has one alarm, which is
//! set to the first of its timers:
//!
//! * [`Started`] tells what a handler has started, so that the alarm can be set to an earlier time after the call.
//!   Timers that were stopped or started anew are not looked for: the alarm then rings too early, and is set again.
//! * [`Timers`] looks at all timers of an owner when its alarm rings: which are due, and when the next one is.
//! * [`TimerField`] is what a field may be: one timer, or several by index or key.

mod cell;
mod declared;
mod field;
mod look;
mod started;

use std::time::Duration;

use tokio::time::Instant;

use crate::options::Seconds;

pub use self::cell::{Timed, TimedLock};
pub use self::declared::{
    Called, Fires, Host, RoomTimer, SessionTimer, StateTimer, StateTimers, TimedState, room_timer,
    session_timer, session_timer_async, state_timer, state_timer_async,
};
pub use self::field::TimerField;
pub use self::look::{Fired, Firing, Timers};
pub(crate) use self::started::Started;

/// A timer: a field of the `#[session]`, of the `#[room]` or of a `#[state]`, with a handler that runs when it is due.
///
/// It is off at first, runs its handler once after each [`start`](Self::start), and is off again before the handler
/// is called, so that the handler may start it anew. The handler is a function below
/// [`#[timer(field)]`](macro@crate::timer), and runs as any other of its owner: between other handlers of the
/// connection, or under the lock on the state. A field may also hold several timers: `[Timer; N]`, `Vec<Timer>`, or a
/// `HashMap` or `BTreeMap` from keys that can be cloned to timers.
///
/// The timers of a session stop when the connection starts to close, those of a state when the server closes its
/// connections. Those of a room run as long as it is there, also while it is kept without connections. A timer in a
/// place without a handler, a local variable for example, does nothing.
///
/// The owner sees a timer as it is started. One that runs already and is moved to another owner, such as from a state
/// into the session of a player who comes back, must be started there anew:
/// `if let Some(left) = timer.left() { timer.start(left) }`.
///
/// ```
/// use ws_runtime::prelude::*;
///
/// #[ws_server(listen = 8080)]
/// mod quiz {
///     use super::*;
///
///     #[session]
///     #[derive(Default)]
///     struct Player { answer: Timer }
///
///     #[on(ready)]
///     fn ask(player: &mut Player) -> &'static str {
///         player.answer.start(10);
///         "what is 6 × 7?"
///     }
///
///     #[on(utf8)]
///     fn answer(text: &str, player: &mut Player) -> Option<&'static str> {
///         if text == "42" {
///             player.answer.stop();
///             return Some("right");
///         }
///         player.answer.left().map(|_| "try again")
///     }
///
///     #[timer(answer)]
///     fn too_slow(conn: &Conn) -> Result<(), ws_runtime::SendError> {
///         conn.send_utf8("too slow")
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timer {
    due: Option<Instant>,
}

/// The clock's resolution. A timer that its own handler starts anew is never due at once, again and again.
const LEAST: Duration = Duration::from_millis(1);

impl Timer {
    /// Starts the timer: it is due in so many seconds, from 0.001 to 31,536,000. A time outside of these bounds is
    /// moved to the nearer one. If the timer runs already, it starts anew.
    ///
    /// A handler that is late, because another one runs, is not run more often afterwards.
    pub fn start(&mut self, seconds: impl Into<Seconds>) {
        let due = Instant::now() + seconds.into().saturating().max(LEAST);
        self.due = Some(due);
        started::note(due);
    }

    /// Stops the timer: its handler does not run. Does nothing if it is off.
    pub fn stop(&mut self) {
        self.due = None;
    }

    /// The time that is left until it is due; zero if it is due and its handler has not run yet. `None` if it is off.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        self.due.map(|due| due.saturating_duration_since(Instant::now()))
    }

    /// Whether it was started, and neither stopped nor handled since.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.due.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_timer_counts_down_while_it_runs() {
        let mut timer = Timer::default();
        assert_eq!((timer.left(), timer.is_running()), (None, false));
        timer.start(2);
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!((timer.left(), timer.is_running()), (Some(Duration::from_millis(1500)), true));
        timer.start(1.5);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!((timer.left(), timer.is_running()), (Some(Duration::ZERO), true));
        timer.stop();
        assert_eq!((timer.left(), timer.is_running()), (None, false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_outside_of_the_bounds_is_moved_to_the_nearer_one() {
        let left = |seconds: Seconds| {
            let mut timer = Timer::default();
            timer.start(seconds);
            timer.left().unwrap()
        };
        let (least, most) = (Duration::from_millis(1), Duration::from_secs(31_536_000));
        for (seconds, wanted) in [
            (0.into(), least),
            ((-1.5).into(), least),
            (f64::NAN.into(), least),
            (f64::NEG_INFINITY.into(), least),
            (Duration::from_nanos(1).into(), least),
            (0.001.into(), least),
            (f64::INFINITY.into(), most),
            (Duration::MAX.into(), most),
            (Duration::from_nanos(1_000_001).into(), Duration::from_nanos(1_000_001)),
        ] {
            assert_eq!(left(seconds), wanted, "{seconds}");
        }
    }
}
