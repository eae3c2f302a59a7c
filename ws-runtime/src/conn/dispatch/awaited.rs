//! Runs what of a message must be awaited: an `async` guard, an `async` handler, and what runs beside other handlers.

use std::sync::Arc;

use tracing::{Instrument, Span};

use super::at_once::HandlersTurn;
use super::call::{Caught, Verdict, catch_now};
use super::{Dispatcher, OnRefusal};
use crate::Reject;
use crate::conn::beside::{Place, tell_cancelled};
use crate::conn::drive::Driver;
use crate::event::{Failure, Received, Route};
use crate::message::{Beside, Envelope, Running};

impl<R: Route> Dispatcher<R> {
    /// Runs the `async` handler of a message to its end.
    pub(super) async fn run_async(&mut self, driver: &mut Driver, message: Received<'static>) -> Verdict {
        // Taken in any case: the next message must not find it.
        let span = self.take_span();
        if let Err(refused) = span.in_scope(|| self.within_rate(&message, HandlersTurn::Awaited)) {
            return span
                .in_scope(|| self.fail(message.handler::<R>(), OnRefusal::of_rate(&message), refused));
        }
        let message = match message {
            Received::Named(message) => match self.pass_guard(driver, &message, &span).await {
                Ok(Some(running)) => return self.run_beside(driver, running, message, span).await,
                Ok(None) => Received::Named(message),
                Err(verdict) => return verdict,
            },
            other => other,
        };
        if message.is_for_blocking::<R>() {
            return self.run_blocking(driver, message, span).await;
        }
        let handler = message.handler::<R>();
        let event = self.event();
        let handling = || message.handle_later::<R>(event).instrument(span);
        let ended = driver.run_handler(handler, handling).await;
        let verdict = self.conclude(handler, OnRefusal::of::<R>(&message), ended);
        message.give_back();
        verdict
    }

    /// Runs the `async` guard of a named message, if it has one. Returns how its handler runs beside others, if it
    /// does; or, if it does not run at all, whether the connection goes on.
    async fn pass_guard(
        &mut self,
        driver: &mut Driver,
        message: &Envelope<'static>,
        span: &Span,
    ) -> Result<Option<Running>, Verdict> {
        let handler = R::named_handler(message.name());
        let on_refusal = OnRefusal::Reply(Some(message));
        // The value of `concurrent` is an expression of the user's.
        let running = match catch_now(|| R::running(message.name())) {
            Ok(running) => running,
            Err(panicked) => return Err(self.fail(handler, on_refusal, Err(panicked))),
        };
        if !R::awaits_guard(message.name()) {
            return Ok(running);
        }
        if running.is_some() {
            driver.expect_beside(message.id());
        }
        let event = self.event().bringing(message);
        let ended = driver.run_handler(handler, || R::guard(event).instrument(span.clone())).await;
        let is_cancelled = driver.is_cancelled_meanwhile();
        match (ended, running) {
            (Some(Ok(Ok(()))), Some(running)) if is_cancelled => {
                tell_cancelled(self.conn(), handler, running, &message.address());
                Err(Verdict::GoOn)
            }
            (Some(Ok(Ok(()))), running) => Ok(running),
            (ended, _) => Err(self.conclude(handler, on_refusal, ended)),
        }
    }

    /// Begins a call that runs beside the handlers of the messages that follow, once it may.
    async fn run_beside(
        &mut self,
        driver: &mut Driver,
        running: Running,
        message: Envelope<'static>,
        span: Span,
    ) -> Verdict {
        let handler = R::named_handler(message.name());
        if let Err(reject) = driver.may_begin(running, &message) {
            return self.conclude(handler, OnRefusal::Reply(Some(&message)), Some(Ok(Err(reject.into()))));
        }
        while let Running::Call { most } = running {
            match driver.place_beside(handler, most, message.id()).await {
                Place::Free => break,
                Place::TimersFirst if self.run_timers(driver).await == Verdict::GoOn => {}
                Place::TimersFirst | Place::Over => return Verdict::End,
                Place::Cancelled => {
                    let cancelled = Failure::told(Reject::cancelled());
                    let on_refusal = OnRefusal::Reply(Some(&message));
                    return self.conclude(handler, on_refusal, Some(Ok(Err(cancelled))));
                }
            }
        }
        // Its tokens are needed to answer for it, and the call takes the message.
        let address = message.address();
        let call = if running == Running::StreamAlone {
            driver.expect_beside(message.id());
            let event = self.event().bringing(&message);
            let opened = driver.run_handler(handler, || R::open_stream(event).instrument(span.clone())).await;
            let is_cancelled = driver.is_cancelled_meanwhile();
            match opened {
                Some(Ok(Ok(_))) if is_cancelled => {
                    tell_cancelled(self.conn(), handler, running, &address);
                    return Verdict::GoOn;
                }
                Some(Ok(Ok(stream))) => {
                    Caught::call(self.conn().server(), handler, || stream.instrument(span))
                }
                Some(Ok(Err(failure))) => {
                    return self.conclude(handler, OnRefusal::Reply(Some(&message)), Some(Ok(Err(failure))));
                }
                Some(Err(panicked)) => Err(panicked),
                None => return Verdict::End,
            }
        } else {
            let (hosted, conn) = (Arc::clone(&self.hosted), self.conn().clone());
            Caught::call(self.conn().server(), handler, || {
                R::beside(Beside::new(hosted, conn, message)).instrument(span)
            })
        };
        match call {
            Ok(call) => {
                driver.begin_beside(handler, running, address, call);
                Verdict::GoOn
            }
            Err(panicked) => self.conclude(handler, OnRefusal::Reply(None), Some(Err(panicked))),
        }
    }
}
