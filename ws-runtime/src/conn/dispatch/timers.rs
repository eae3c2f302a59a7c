//! Runs the handlers of the session's timers.

use tokio::time::Instant;

use super::{Dispatcher, OnRefusal, Panicked, Verdict, catch_code};
use crate::conn::drive::Driver;
use crate::conn::send::Phase;
use crate::event::Route;
use crate::timer::{Fired, Timers};

impl<R: Route> Dispatcher<R> {
    /// Runs the handlers of all timers that are due, in the order of their times, and sets the alarm for the next one.
    pub(super) async fn run_timers(&mut self, driver: &mut Driver) -> Verdict {
        let (due, next) = match self.look_at_timers() {
            Ok(found) => found,
            Err(PanickedKey { timer, cause }) => return self.fail(timer, OnRefusal::Continue, Err(cause)),
        };
        driver.set_timers(next);
        for fired in due {
            if self.conn().phase() != Phase::Ready {
                break;
            }
            let Some(timer) = R::TIMERS.get(fired.handler()) else { continue };
            let event = self.event().bringing(&fired);
            let ended = driver.run_handler(timer.name(), || timer.run(event).ended()).await;
            if self.conclude(timer.name(), OnRefusal::Continue, ended) == Verdict::End {
                return Verdict::End;
            }
            driver.timer_handled().await;
        }
        driver.end_turn_of_timers().await;
        Verdict::GoOn
    }

    /// The timers that are due, and when the next one is.
    ///
    /// # Errors
    ///
    /// Copying the key of a timer has panicked: it is the user's.
    pub(super) fn look_at_timers(&mut self) -> Result<(Vec<Fired>, Option<Instant>), PanickedKey> {
        let mut timers = Timers::at(Instant::now());
        if let Some(session) = &mut self.session {
            for (number, timer) in R::TIMERS.iter().enumerate() {
                catch_code(timer.name(), || timer.show(number, session, &mut timers))
                    .map_err(|cause| PanickedKey { timer: timer.name(), cause })?;
            }
        }
        Ok(timers.into_due())
    }
}

/// Looking at the timers of this handler has panicked.
pub(super) struct PanickedKey {
    pub(super) timer: &'static str,
    pub(super) cause: Panicked,
}
