//! Runs the handler of a message as soon as that is decoded, or popped from the inbox.
//!
//! A plain handler borrows its message from the read buffer. The message is left, to be awaited, if its handler is
//! `async`, or if another handler has the lock on the room.

use tracing::Span;

use super::call::{Panicked, catch_call, catch_now};
use super::observe::{self, Ran};
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
        if self.is_observed {
            return self.handle_observed(message);
        }
        let ran = self.call(message);
        self.conclude_plain(message, ran)
    }

    /// The same where messages are traced, or handlers are measured.
    #[cold]
    fn handle_observed(&mut self, message: &Received<'_>) -> Handled {
        let handler = message.handler::<R>();
        let server = self.conn().server().clone();
        let span = self.spans.as_ref().map_or_else(Span::none, |spans| spans.begin(message, handler));
        let handled = span.in_scope(|| {
            let ran = observe::declared(&server, handler, || self.call(message));
            self.conclude_plain(message, ran)
        });
        if let Some(spans) = &mut self.spans {
            spans.keep((handled == Handled::Later).then_some(span));
        }
        handled
    }

    /// The span of a message that is awaited now; disabled unless messages are traced.
    pub(super) fn take_span(&mut self) -> Span {
        self.spans.as_mut().map_or_else(Span::none, |spans| spans.take())
    }

    /// Runs the declared handler of a message, unless it must be awaited, and catches its panic.
    #[inline]
    fn call(&mut self, message: &Received<'_>) -> Ran {
        let event = ConnEvent::new(&self.guard.0, &self.hosted.store, &mut self.session);
        catch_now(|| message.handle::<R>(event))
    }

    /// Ends the connection if the handler failed, or tells the peer why.
    #[inline]
    fn conclude_plain(&self, message: &Received<'_>, ran: Ran) -> Handled {
        match ran {
            Ok(Ok(handled)) => return handled,
            Ok(Err(failure)) => {
                self.fail(message.handler::<R>(), OnRefusal::of::<R>(message), Ok(failure));
            }
            Err(panicked) => {
                self.fail(message.handler::<R>(), OnRefusal::of::<R>(message), Err(panicked));
            }
        }
        Handled::Done
    }
}

/// When the handlers of a message run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HandlersTurn {
    /// As soon as it is decoded, or popped from the inbox.
    AtOnce,
    /// After that, in their own time.
    Awaited,
}
