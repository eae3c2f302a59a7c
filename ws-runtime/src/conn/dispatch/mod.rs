//! Turns the messages of one connection into calls of its handlers, one at a time.

mod at_once;
mod awaited;
mod blocking;
mod call;
mod conclude;
mod finish;
mod observe;
mod tell;
mod timers;

use std::sync::Arc;

use super::Conn;
use super::drive::{Driver, Moment, Next};
use super::life::ConnGuard;
use super::span::MessageSpans;
use crate::event::{ConnEvent, Route, RouteEvent};
use crate::message::Buckets;
use crate::server::Hosted;

pub(super) use self::call::{Caught, Verdict, report};
pub(crate) use self::call::{Panicked, catch, catch_call, catch_code, catch_now, count_failure};
use self::conclude::OnRefusal;
pub(super) use self::tell::tell;

/// Calls the handlers of one connection, one at a time.
pub(super) struct Dispatcher<R: Route> {
    pub(super) hosted: Arc<Hosted<R::Server>>,
    pub(super) session: Option<R::Session>,
    /// When the connection was opened.
    pub(super) since: Moment,
    /// How many messages are left of each `rate`.
    pub(super) rates: Buckets,
    /// The spans of messages, if these are traced.
    pub(super) spans: Option<Box<MessageSpans>>,
    /// Whether messages are traced, or handlers are measured. It is asked for each message, so it stands here.
    pub(super) is_observed: bool,
    /// Dropped after the session: that may need the room, which the connection leaves with this.
    pub(super) guard: ConnGuard,
}

impl<R: Route> Dispatcher<R> {
    /// Runs `ready`, then the handler of each message, until there are no more or a handler fails.
    ///
    /// A future is boxed while it awaits, so that an idle connection holds no memory for it.
    pub(super) async fn dispatch(&mut self, driver: &mut Driver) {
        if !R::TIMERS.is_empty() {
            // The `handshake` handler may have started some.
            match self.look_at_timers() {
                Ok((_, next)) => driver.set_timers(next),
                Err(panicked) => {
                    self.fail(panicked.timer, OnRefusal::Continue, Err(panicked.cause));
                }
            }
        }
        if Box::pin(self.ready(driver)).await == Verdict::End {
            return;
        }
        loop {
            let next = driver.next(self).await;
            let Some(handling) = next.map(|next| Box::pin(self.run(driver, next))) else {
                return;
            };
            if handling.await == Verdict::End {
                return;
            }
        }
    }

    /// Runs what must be awaited.
    async fn run(&mut self, driver: &mut Driver, next: Next) -> Verdict {
        match next {
            Next::Message(message) => self.run_async(driver, message).await,
            Next::Timers => self.run_timers(driver).await,
            Next::Drained => self.run_drain(driver).await,
        }
    }

    /// Lists the connection and runs `ready`. Until that has ended, what other tasks send is held back.
    ///
    /// The 101 is written after the call, so that the peer misses no broadcast after it.
    async fn ready(&mut self, driver: &mut Driver) -> Verdict {
        let conn = self.conn().clone();
        let replaced = conn.replaced_ready().map(|handler| {
            conn.become_ready();
            catch_call(conn.server(), "on_ready", handler)
        });
        let (name, ended) = match replaced {
            Some(ended) => ("on_ready", Some(ended)),
            None => (R::READY, driver.run_handler(R::READY, || R::ready(self.event())).await),
        };
        // If there is no handler, or if an argument of it was refused or has panicked.
        conn.become_ready();
        let verdict = self.conclude(name, OnRefusal::CloseWithStatus, ended);
        if let (Verdict::GoOn, Some(room)) = (verdict, conn.room()) {
            room.admit();
        }
        conn.release_held_back();
        verdict
    }

    /// Runs `drain`: the peer has read all that waited, and has missed messages before that.
    async fn run_drain(&mut self, driver: &mut Driver) -> Verdict {
        let conn = self.conn().clone();
        if !conn.send_path().take_drained() {
            return Verdict::GoOn;
        }
        let (name, ended) = match conn.replaced_drain() {
            Some(handler) => ("on_drain", Some(catch_call(conn.server(), "on_drain", handler))),
            None => (R::DRAIN, driver.run_handler(R::DRAIN, || R::drain(self.event())).await),
        };
        self.conclude(name, OnRefusal::Continue, ended)
    }

    pub(super) fn conn(&self) -> &Conn {
        &self.guard.0
    }

    fn event(&mut self) -> RouteEvent<'_, R> {
        ConnEvent::new(&self.guard.0, &self.hosted.store, &mut self.session)
    }
}
