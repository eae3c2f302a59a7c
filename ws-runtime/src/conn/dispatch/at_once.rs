//! Runs the handler of a message as soon as that is decoded, or popped from the inbox.
//!
//! A plain handler borrows its message from the read buffer. The message is left, to be awaited, if its handler is
//! `async`, or if another handler has the lock on the room.

use tracing::Span;
use tracing::span::EnteredSpan;

use super::call::{Panicked, catch_call, catch_now};
use super::observe::Measured;
use super::{Dispatcher, OnRefusal};
use crate::conn::receive::Receiver;
use crate::event::{ConnEvent, Failure, Handled, Outcome, Received, Route};
use crate::message::Limit;

impl<R: Route> Receiver for Dispatcher<R> {
    const HANDLES: bool = true;

    fn receive(&mut self, message: &Received<'_>) -> Handled {
        match self.call_replaced(message) {
            Some((name, ended)) => {
                self.conclude(name, OnRefusal::of::<R>(message), Some(ended));
            }
            None => match self.within_rate(message, HandlersTurn::AtOnce) {
                Ok(()) => return self.handle(message),
                Err(refused) => {
                    self.fail(message.handler::<R>(), OnRefusal::of_rate(message), refused);
                }
            },
        }
        Handled::Done
    }
}

impl<R: Route> Dispatcher<R> {
    /// Takes a token of the handler's `rate`, if it has one and this is its turn.
    #[inline]
    pub(super) fn within_rate(
        &mut self,
        message: &Received<'_>,
        turn: HandlersTurn,
    ) -> Result<(), Result<Failure, Panicked>> {
        if R::RATES == 0 {
            return Ok(());
        }
        // Its value is an expression of the user's.
        let limit = catch_now(|| message.limited().and_then(R::rate)).map_err(Err)?;
        let Some(Limit { number, rate, is_awaited }) = limit else {
            return Ok(());
        };
        if is_awaited != (turn == HandlersTurn::Awaited) {
            return Ok(());
        }
        let now = self.conn().server().alarms().now().micros() * 1000;
        self.rates.take((number, R::RATES), rate.refill(), now).map_err(|refused| Ok(refused.into()))
    }

    /// Calls the handler that replaces the declared one on this connection, if any. Returns its name and its outcome.
    #[inline]
    fn call_replaced(&self, message: &Received<'_>) -> Option<(&'static str, Result<Outcome, Panicked>)> {
        let conn = self.conn();
        Some(match message {
            Received::Utf8(text) => {
                let handler = conn.replaced_utf8()?;
                self.call_instead(message, "on_utf8", || handler(text.as_str()))
            }
            Received::Named(named) => {
                let handler = conn.replaced_utf8()?;
                self.call_instead(message, "on_utf8", || handler(named.text()))
            }
            Received::Binary(data) => {
                let handler = conn.replaced_binary()?;
                self.call_instead(message, "on_binary", || handler(data.as_slice()))
            }
            Received::Pong(data) => {
                let handler = conn.replaced_pong()?;
                self.call_instead(message, "on_pong", || handler(data.as_slice()))
            }
        })
    }

    /// Calls what replaces the declared handler of this message.
    fn call_instead(
        &self,
        message: &Received<'_>,
        name: &'static str,
        handler: impl FnOnce() -> Outcome,
    ) -> (&'static str, Result<Outcome, Panicked>) {
        let call = || catch_call(self.conn().server(), name, handler);
        let ended = match &self.spans {
            Some(spans) => spans.begin(message, name).in_scope(call),
            None => call(),
        };
        (name, ended)
    }

    /// Calls the declared handler of a message, unless it must be awaited.
    #[inline]
    fn handle(&mut self, message: &Received<'_>) -> Handled {
        let observed = if self.is_observed { Some(self.observe(message)) } else { None };
        let event = ConnEvent::new(&self.guard.0, &self.hosted.store, &mut self.session);
        // Called in one place: it is worth inlining.
        let failed = match catch_now(|| message.handle::<R>(event)) {
            Ok(Ok(handled)) => {
                if let Some(observed) = observed {
                    self.end_observed(*observed, handled);
                }
                return handled;
            }
            Ok(Err(failure)) => Ok(failure),
            Err(panicked) => Err(panicked),
        };
        self.fail_at_once(message, failed, observed);
        Handled::Done
    }

    #[cold]
    fn fail_at_once(
        &mut self,
        message: &Received<'_>,
        failed: Result<Failure, Panicked>,
        observed: Option<Box<Observed>>,
    ) {
        // The clock ends with the call, and the span with what follows from it.
        let span = observed.map(|observed| {
            observed.measured.end();
            observed.span
        });
        self.fail(message.handler::<R>(), OnRefusal::of::<R>(message), failed);
        drop(span);
        if let Some(spans) = &mut self.spans {
            spans.keep(None);
        }
    }

    /// Begins what watches the call of a handler: a span, and a clock. Boxed, as most calls have none.
    #[cold]
    fn observe(&self, message: &Received<'_>) -> Box<Observed> {
        let handler = message.handler::<R>();
        let span = self.spans.as_ref().map_or_else(Span::none, |spans| spans.begin(message, handler));
        Box::new(Observed { span: span.entered(), measured: Measured::begin(self.conn().server(), handler) })
    }

    #[cold]
    fn end_observed(&mut self, observed: Observed, handled: Handled) {
        let Observed { span, measured } = observed;
        let span = span.exit();
        match handled {
            Handled::Done => measured.end(),
            // It has not been called yet.
            Handled::Later => drop(measured),
        }
        if let Some(spans) = &mut self.spans {
            spans.keep((handled == Handled::Later).then_some(span));
        }
    }

    /// The span of a message that is awaited now; disabled unless messages are traced.
    pub(super) fn take_span(&mut self) -> Span {
        self.spans.as_mut().map_or_else(Span::none, |spans| spans.take())
    }
}

/// What watches the call of a handler.
struct Observed {
    span: EnteredSpan,
    measured: Measured,
}

/// When the handlers of a message run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HandlersTurn {
    /// As soon as it is decoded, or popped from the inbox.
    AtOnce,
    /// After that, in their own time.
    Awaited,
}
