//! The task that runs the handlers of a state's timers.

use tokio::task::yield_now;
use tokio::time::Instant;

use super::Hosted;
use super::shutdown::Stage;
use crate::conn::catch;
use crate::event::{ServerEvent, Service};
use crate::timer::{Fired, StateTimer, Timed, Timers};

/// After so many timers, other tasks run before the next.
const TURN: usize = 64;

impl<S: Service> Hosted<S> {
    /// Runs the handlers of a state's timers, in the order of their times, until the server closes its connections.
    pub(crate) async fn run_timers<O>(&self, cell: &Timed<O>, timers: &[&'static dyn StateTimer<S, O>]) {
        loop {
            let due = look_at(cell, timers);
            for (number, fired) in due.iter().enumerate() {
                if self.server.has_reached(Stage::Closing) {
                    return;
                }
                if number % TURN == TURN - 1 {
                    yield_now().await;
                }
                let Some(timer) = timers.get(fired.handler()) else { continue };
                let event = ServerEvent::new(&self.server, &self.store);
                let outcome = catch(|| timer.run(event, fired).ended()).await;
                if outcome.as_ref().is_ok_and(Result::is_ok) {
                    continue;
                }
                self.server.report(timer.name(), &outcome);
                // If an argument was refused, the timer has not been stopped.
                timer.fire(fired, &mut cell.lock());
            }
            if !self.server.wait_for(cell.rings()).await {
                return;
            }
        }
    }
}

/// The timers that are due. Sets the alarm for the next one.
fn look_at<S: Service, O>(cell: &Timed<O>, timers: &[&'static dyn StateTimer<S, O>]) -> Vec<Fired> {
    let mut state = cell.lock();
    let mut found = Timers::at(Instant::now());
    for (number, timer) in timers.iter().enumerate() {
        timer.show(number, &mut state, &mut found);
    }
    let (due, next) = found.into_due();
    state.set_alarm(next);
    due
}
