//! Turns the messages of one connection into calls of its handlers, one at a time.

mod blocking;
mod call;
mod observe;
mod tell;
mod timers;

use std::sync::Arc;

use tracing::{Instrument, Span};

use super::Conn;
use super::beside::{Place, tell_cancelled};
use super::drive::{Driver, Moment, Next};
use super::life::ConnGuard;
use super::receive::Receiver;
use super::span::{self, MessageSpans};
use crate::Reject;
use crate::event::{
    Close, ClosedBy, ConnEvent, Failure, Handled, Outcome, Received, Refusal, Route, RouteEvent,
};
use crate::message::{Beside, Buckets, Envelope, Keys, Limit, NO_REPLY_TO, Running};
use crate::server::Hosted;
use crate::stats::{Direction, Kind, Rejected};

use self::call::catch_declared;
pub(super) use self::call::{Caught, Verdict, report};
pub(crate) use self::call::{Panicked, catch, catch_call, catch_code, catch_now, count_failure};
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

    /// Runs the `async` handler of a message to its end.
    async fn run_async(&mut self, driver: &mut Driver, message: Received<'static>) -> Verdict {
        // Taken in any case: the next message must not find it.
        let span = self.take_span(&message);
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

    /// Waits until it is certain how the connection ended, runs `disconnect`, drops the session and closes the socket.
    pub(super) async fn finish(mut self, mut driver: Driver) {
        let conn = self.guard.0.clone();
        let conn = &conn;
        driver.drop_beside();
        driver.drained().await;
        let (close, has_sent_close) = {
            let send_path = conn.send_path();
            let close = send_path.close().cloned().unwrap_or_else(|| Close::abnormal(ClosedBy::Network));
            (Close { dropped: send_path.dropped(), ..close }, send_path.has_sent_close())
        };
        if has_sent_close {
            conn.count(Direction::Sent, Kind::Close, 0);
        }
        let open_for = self.since.until(conn.server().alarms().now());
        conn.server().counters().closed(conn.route(), &close, open_for);
        conn.server().note_end(&close, has_sent_close);
        let failure = conn.send_path().take_failure();
        if let Some(error) = failure {
            tracing::debug!(conn = conn.id(), %error, "writing failed");
        }
        span::disconnected(conn, &close);
        if conn.send_path().is_victim() {
            log_victim(conn);
        }
        driver.spare_disconnect();
        let (name, ended) = match conn.replaced_disconnect() {
            Some(handler) => {
                let ended = catch_call(conn.server(), "on_disconnect", || handler(&close));
                ("on_disconnect", Some(ended))
            }
            None if self.session.is_none() => {
                tracing::warn!(
                    handler = R::DISCONNECT,
                    conn = conn.id(),
                    "handler not run: a `blocking` handler still has the session"
                );
                (R::DISCONNECT, None)
            }
            None => {
                let event = self.event().bringing(&close);
                (R::DISCONNECT, driver.run_handler(R::DISCONNECT, || R::disconnect(event)).await)
            }
        };
        if let Some(ended) = ended {
            report(conn, name, ended);
        }
        // The session's destructor may panic too. The socket must still be closed in order.
        if let Err(panicked) = catch_now(|| drop(self.session.take())) {
            report(conn, R::DISCONNECT, Err(panicked));
        }
        // A room is emptied after the last `disconnect`.
        conn.leave_room();
        driver.close().await;
        // The socket is dropped first: dropping the guard tells the server that a descriptor is free.
        drop(driver);
        drop(self);
    }

    pub(super) fn conn(&self) -> &Conn {
        &self.guard.0
    }

    /// Takes a token of the handler's `rate`, if it has one and this is its turn.
    #[inline]
    fn within_rate(
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

    fn event(&mut self) -> RouteEvent<'_, R> {
        ConnEvent::new(&self.guard.0, &self.hosted.store, &mut self.session)
    }

    /// Calls the handler that replaces the declared one on this connection, if any. Returns its name and its outcome.
    #[inline]
    fn call_replaced(&self, message: &Received<'_>) -> Option<(&'static str, Result<Outcome, Panicked>)> {
        let conn = self.conn();
        let server = conn.server();
        Some(match message {
            Received::Utf8(text) => {
                let handler = conn.replaced_utf8()?;
                ("on_utf8", catch_call(server, "on_utf8", || handler(text.as_str())))
            }
            Received::Named(message) => {
                let handler = conn.replaced_utf8()?;
                ("on_utf8", catch_call(server, "on_utf8", || handler(message.text())))
            }
            Received::Binary(data) => {
                let handler = conn.replaced_binary()?;
                ("on_binary", catch_call(server, "on_binary", || handler(data.as_slice())))
            }
            Received::Pong(data) => {
                let handler = conn.replaced_pong()?;
                ("on_pong", catch_call(server, "on_pong", || handler(data.as_slice())))
            }
        })
    }

    /// Calls the declared handler of a message, unless it must be awaited.
    #[inline]
    fn handle(&mut self, message: &Received<'_>) -> Handled {
        if self.spans.is_some() { self.handle_in_span(message) } else { self.handle_now(message) }
    }

    #[cold]
    fn handle_in_span(&mut self, message: &Received<'_>) -> Handled {
        let span = self.take_span(message);
        let handled = span.in_scope(|| self.handle_now(message));
        if let (Handled::Later, Some(spans)) = (&handled, &mut self.spans) {
            spans.keep(span);
        }
        handled
    }

    /// The span of a message; disabled unless messages are traced.
    fn take_span(&mut self, message: &Received<'_>) -> Span {
        let spans = self.spans.as_mut();
        spans.map_or_else(Span::none, |spans| spans.take(message, message.handler::<R>()))
    }

    #[inline]
    fn handle_now(&mut self, message: &Received<'_>) -> Handled {
        let event = ConnEvent::new(&self.guard.0, &self.hosted.store, &mut self.session);
        let name = || message.handler::<R>();
        match catch_declared(self.guard.0.server(), name, || message.handle::<R>(event)) {
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

    /// Ends the connection if its handler failed or was cancelled (`None`).
    fn conclude(
        &self,
        name: &'static str,
        on_refusal: OnRefusal<'_, '_>,
        ended: Option<Result<Outcome, Panicked>>,
    ) -> Verdict {
        match ended {
            Some(Ok(Ok(()))) => Verdict::GoOn,
            Some(Ok(Err(failure))) => self.fail(name, on_refusal, Ok(failure)),
            Some(Err(panicked)) => self.fail(name, on_refusal, Err(panicked)),
            None => Verdict::End,
        }
    }

    /// Ends the connection after a failed handler, or does what [`OnRefusal`] says if the peer is told why.
    #[cold]
    fn fail(
        &self,
        name: &'static str,
        on_refusal: OnRefusal<'_, '_>,
        failed: Result<Failure, Panicked>,
    ) -> Verdict {
        let close = match (on_refusal, &failed) {
            (OnRefusal::Reply(message), Ok(_)) => {
                let keys = R::ENVELOPE.unwrap_or(&Keys::DEFAULT);
                let to = message.map_or(NO_REPLY_TO, |message| {
                    // What refuses before the data is read knows the `id` only now. What is wrong with the message does
                    // not matter any more.
                    let _ = message.complete();
                    message.reply_to()
                });
                return tell(self.conn(), name, keys, to, failed);
            }
            // It is for another phase, in which `ready` has nothing to do.
            (OnRefusal::CloseWithStatus, Ok(failure)) if failure.is_of_phase() => None,
            (_, Ok(failure)) => match failure.refusal() {
                None => Some(Close::failed()),
                Some(Refusal::NoBinary) => {
                    Some(Close::new(1003, "binary messages are not taken here", ClosedBy::Refused))
                }
                Some(Refusal::Runtime(reject) | Refusal::Handler(reject)) => on_refusal.close(reject),
            },
            (_, Err(_)) => Some(Close::panic()),
        };
        report(self.conn(), name, failed.map(Err));
        let Some(close) = close else { return Verdict::GoOn };
        let mut send_path = self.conn().send_path();
        // A peer that `ready` did not let in gets nothing of what others sent.
        send_path.drop_held_back();
        send_path.push_close(close);
        Verdict::End
    }
}

/// The connection was cut as all queues together were too large, and its own was the largest.
#[cold]
fn log_victim(conn: &Conn) {
    let server = conn.server();
    server.counters().rejected(Rejected::Memory);
    if server.allows_log("max_memory") {
        let most = server.options().max_memory;
        tracing::warn!(conn = conn.id(), peer = %conn.peer(), "cut: max_memory ({most}) was exceeded, and most waited for this peer");
    }
}

/// A plain handler borrows its message from the read buffer. The message is left, to be awaited, if its handler is
/// `async`, or if another handler has the lock on the room.
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

/// When the handlers of a message run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HandlersTurn {
    /// As soon as it is decoded, or popped from the inbox.
    AtOnce,
    /// After that, in their own time.
    Awaited,
}

/// What happens if an argument of a handler was refused, or if the handler itself refuses.
#[derive(Debug, Clone, Copy)]
enum OnRefusal<'m, 'b> {
    /// The peer gets an error reply to this message, or to a text that is none, and the connection goes on.
    Reply(Option<&'m Envelope<'b>>),
    /// The connection closes with 1008, policy violation, for this cause.
    CloseWith1008(ClosedBy),
    /// The connection closes with 1013, try again later.
    CloseWith1013,
    /// The connection closes with 4000 and the status of the refusal.
    CloseWithStatus,
    /// The connection goes on.
    Continue,
}

impl<'m, 'b> OnRefusal<'m, 'b> {
    fn of<R: Route>(message: &'m Received<'b>) -> Self {
        match message {
            Received::Named(message) => Self::Reply(Some(message)),
            Received::Utf8(_) if R::ENVELOPE.is_some() => Self::Reply(None),
            Received::Utf8(_) | Received::Binary(_) => Self::CloseWith1008(ClosedBy::Refused),
            Received::Pong(_) => Self::Continue,
        }
    }

    /// What happens if more messages come than the handler's `rate` allows.
    fn of_rate(message: &'m Received<'b>) -> Self {
        match message {
            Received::Named(message) => Self::Reply(Some(message)),
            Received::Utf8(_) | Received::Binary(_) => Self::CloseWith1008(ClosedBy::Rate),
            Received::Pong(_) => Self::Continue,
        }
    }

    /// What happens if too many `blocking` handlers run.
    fn of_full<R: Route>(message: &'m Received<'b>) -> Self {
        match Self::of::<R>(message) {
            Self::CloseWith1008(_) => Self::CloseWith1013,
            other @ (Self::Reply(_) | Self::CloseWith1013 | Self::CloseWithStatus | Self::Continue) => other,
        }
    }

    /// The close code and reason; `None` if the connection goes on.
    fn close(self, reject: &Reject) -> Option<Close> {
        match self {
            Self::CloseWith1008(by) => Some(Close::refused(1008, reject, by)),
            Self::CloseWith1013 => Some(Close::refused(1013, reject, ClosedBy::Refused)),
            Self::CloseWithStatus => {
                Some(Close::refused(4000 + reject.status().as_u16(), reject, ClosedBy::Refused))
            }
            Self::Reply(_) | Self::Continue => None,
        }
    }
}
