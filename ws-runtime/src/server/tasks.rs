//! The tasks that belong to no connection: each tick and each watch has one, and so have rooms. They end when the
//! server closes its connections; those that empty rooms go on after that.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::shutdown::Stage;
use super::{Hosted, Server};
use crate::conn::{Corked, Panicked, catch, count_failure};
use crate::escape::Escaped;
use crate::event::{IntoOutcome, Outcome, ServerEvent, Service};
use crate::options::Seconds;
use crate::tick::{Tick, TickError};

impl Server {
    /// Runs `handler` every `period` from now on, in addition to the declared ticks. Two calls never overlap. If a call
    /// takes longer than a period, the missed calls are skipped.
    ///
    /// Can be called from any thread.
    ///
    /// # Errors
    ///
    /// [`TickError`] unless the period is from 0.001 to 31,536,000 seconds.
    pub fn on_tick<R: IntoOutcome>(
        &self,
        period: impl Into<Seconds>,
        mut handler: impl FnMut(&Server) -> R + Send + 'static,
    ) -> Result<(), TickError> {
        let tick = Tick::new(0, "on_tick", period)?;
        let server = self.clone();
        self.spawn(async move {
            let mut clock = clock(tick.period);
            while server.wait_for(next_tick(&server, tick.name, &mut clock)).await {
                let outcome = catch(&server, tick.name, || async { handler(&server).into_outcome() }).await;
                server.report(tick.name, &outcome);
            }
        });
        Ok(())
    }

    /// Runs a declared tick.
    pub(super) fn run_tick<S: Service>(&self, hosted: Arc<Hosted<S>>, tick: Tick) {
        self.spawn(async move {
            let mut clock = clock(tick.period);
            while hosted.server.wait_for(next_tick(&hosted.server, tick.name, &mut clock)).await {
                let event = ServerEvent::new(&hosted.server, &hosted.store);
                let outcome = catch(&hosted.server, tick.name, || S::tick(tick.number, event)).await;
                hosted.server.report(tick.name, &outcome);
            }
        });
    }

    /// Waits for the next step of a task. Returns false if the server closes its connections first: then the task ends.
    pub(crate) async fn wait_for<T>(&self, step: impl Future<Output = T>) -> bool {
        tokio::select! {
            biased;
            () = self.reached(Stage::Closing) => false,
            _ = step => true,
        }
    }

    /// Spawns a task that belongs to no connection. From [`Stage::Aborting`] on it is cancelled even in the middle of a
    /// step.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let server = self.clone();
        let task = async move {
            tokio::select! {
                biased;
                () = server.aborting() => {}
                () = Corked::new(task) => {}
            }
        };
        // The caller may be any thread.
        self.0.tasks.spawn_on(task, &self.0.runtime);
    }

    /// Spawns a task that empties rooms. It goes on while connections are cut, and is cancelled only as the last,
    /// after it had its turn.
    pub(crate) fn spawn_last(&self, task: impl Future<Output = ()> + Send + 'static) {
        let server = self.clone();
        let task = async move {
            tokio::select! {
                biased;
                () = Corked::new(task) => {}
                () = server.reached(Stage::Abandoning) => {}
            }
        };
        self.0.tasks.spawn_on(task, &self.0.runtime);
    }

    /// Logs the failure of a handler that belongs to no connection, under the handler's name. What repeats is logged
    /// only so often.
    pub(crate) fn report(&self, handler: &'static str, outcome: &Result<Outcome, Panicked>) {
        count_failure(self, handler, outcome);
        if matches!(outcome, Ok(Ok(()))) || !self.allows_failure(handler) {
            return;
        }
        let error: &dyn Display = match outcome {
            Ok(Ok(())) => return,
            Ok(Err(failure)) if failure.refusal().is_some() => {
                tracing::warn!(handler, server = self.name(), reason = %Escaped(failure), "handler not run");
                return;
            }
            Ok(Err(failure)) => failure,
            Err(panic) => panic,
        };
        tracing::error!(handler, server = self.name(), error = %Escaped(error), "handler failed");
    }
}

/// Waits for the next tick, and counts how late it is.
async fn next_tick(server: &Server, name: &'static str, clock: &mut Interval) {
    let due = clock.tick().await;
    server.counters().tick_delayed(name, due.elapsed());
}

/// A clock that skips missed ticks instead of catching up.
pub(crate) fn clock(period: Duration) -> Interval {
    let mut clock = interval_at(Instant::now() + period, period);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    clock
}
