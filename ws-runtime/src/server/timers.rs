//! The task that runs the handlers of a state's timers.

use tokio::task::yield_now;
use tokio::time::Instant;

use super::Hosted;
use super::shutdown::Stage;
use crate::conn::{catch, catch_code};
use crate::event::{ServerEvent, Service};
use crate::timer::{Fired, StateTimer, Timed, Timers};

/// After so many timers, other tasks run before the next.
const TURN: usize = 64;

impl<S: Service> Hosted<S> {
    /// Runs the handlers of a state's timers, in the order of their times, until the server closes its connections.
    pub(crate) async fn run_timers<O>(&self, cell: &Timed<O>, timers: &[&'static dyn StateTimer<S, O>]) {
        loop {
            let due = self.look_at(cell, timers);
            for (number, fired) in due.iter().enumerate() {
                if self.server.has_reached(Stage::Closing) {
                    return;
                }
                if number % TURN == TURN - 1 {
                    yield_now().await;
                }
                let Some(timer) = timers.get(fired.handler()) else { continue };
                let event = ServerEvent::new(&self.server, &self.store);
                let outcome = catch(&self.server, timer.name(), || timer.run(event, fired).ended()).await;
                if outcome.as_ref().is_ok_and(Result::is_ok) {
                    continue;
                }
                self.server.report(timer.name(), &outcome);
                // If an argument was refused, the timer has not been stopped.
                let fired = catch_code(timer.name(), || timer.fire(fired, &mut cell.lock()));
                if fired.is_err() {
                    self.server.report(timer.name(), &fired.map(|_| Ok(())));
                }
            }
            if !self.server.wait_for(cell.rings()).await {
                return;
            }
        }
    }

    /// The timers that are due. Sets the alarm for the next one.
    fn look_at<O>(&self, cell: &Timed<O>, timers: &[&'static dyn StateTimer<S, O>]) -> Vec<Fired> {
        let mut found = Timers::at(Instant::now());
        let mut panicked = Vec::new();
        let mut state = cell.lock();
        for (number, timer) in timers.iter().enumerate() {
            // Keys are copied, by the user's code.
            let show = || timer.show(number, &mut state, &mut found);
            if let Err(cause) = catch_code(timer.name(), show) {
                panicked.push((timer.name(), cause));
            }
        }
        let (due, next) = found.into_due();
        state.set_alarm(next);
        drop(state);
        // Without the lock: a log subscriber is the user's code too.
        for (timer, cause) in panicked {
            self.server.report(timer, &Err(cause));
        }
        due
    }
}
