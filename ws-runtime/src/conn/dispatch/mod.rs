//! Messages become calls: the handlers of one connection, one at a time.

mod call;

use std::sync::Arc;

use super::Conn;
use super::drive::Driver;
use super::life::Held;
use super::receive::Receiver;
use crate::Reject;
use crate::event::{Close, ClosedBy, ConnEvent, Failure, Handled, Outcome, Received, Route, RouteEvent};
use crate::server::Hosted;
use crate::wire::Incoming;

pub(super) use self::call::{Caught, Verdict, catch_now, check};
pub(crate) use self::call::{Panicked, catch};

/// Calls the handlers of one connection, one at a time.
pub(super) struct Dispatcher<R: Route> {
    pub(super) hosted: Arc<Hosted<R::Server>>,
    pub(super) held: Held,
    pub(super) session: Option<R::Session>,
}

impl<R: Route> Dispatcher<R> {
    /// Runs `ready`, then hands over message after message until there are no more, or a handler fails.
    ///
    /// What awaits is boxed for as long as it does: a connection that rests has no room for it.
    pub(super) async fn dispatch(&mut self, driver: &mut Driver) {
        if Box::pin(self.ready(driver)).await == Verdict::End {
            return;
        }
        loop {
            let next = driver.next(self).await;
            let Some(answer) = next.map(|incoming| Box::pin(self.answer(driver, incoming))) else { return };
            if answer.await == Verdict::End {
                return;
            }
        }
    }

    /// Runs `ready`.
    async fn ready(&mut self, driver: &mut Driver) -> Verdict {
        let replaced = self.conn().replaced_ready().map(catch_now);
        let (name, ended) = match replaced {
            Some(ended) => ("on_ready", Some(ended)),
            None => (R::READY, driver.run_handler(|| R::ready(self.event())).await),
        };
        self.settle(name, Refused::ClosesByStatus, ended)
    }

    /// Has a message handled by its `async` handler.
    async fn answer(&mut self, driver: &mut Driver, incoming: Incoming<'static>) -> Verdict {
        let Ok(message) = Received::of(incoming) else { return Verdict::GoOn };
        let ended = driver.run_handler(|| message.handle_later::<R>(self.event())).await;
        let verdict = self.settle(message.handler::<R>(), Refused::of(&message), ended);
        message.give_back();
        verdict
    }

    /// Runs `disconnect` once it is certain how the connection ended, drops the session and gives the socket back.
    pub(super) async fn finish(mut self, mut driver: Driver) {
        let conn = self.held.0.clone();
        let conn = &conn;
        driver.drained().await;
        let close = conn
            .send_path()
            .close()
            .cloned()
            .unwrap_or_else(|| Close::new(Close::ABNORMAL, "", ClosedBy::Error));
        let failure = conn.send_path().take_failure();
        if let Some(error) = failure {
            tracing::debug!(conn = conn.id(), %error, "writing failed");
        }
        tracing::debug!(conn = conn.id(), peer = %conn.peer(), code = close.code(), by = %close.by(), "disconnected");
        driver.keep_disconnect();
        let (name, ended) = match conn.replaced_disconnect() {
            Some(handler) => ("on_disconnect", Some(catch_now(|| handler(&close)))),
            None => {
                (R::DISCONNECT, driver.run_handler(|| R::disconnect(self.event().bringing(&close))).await)
            }
        };
        if let Some(ended) = ended {
            check(conn, name, ended);
        }
        // It may panic too, and the peer is owed a goodbye.
        if let Err(panicked) = catch_now(|| drop(self.session.take())) {
            check(conn, R::DISCONNECT, Err(panicked));
        }
        driver.close().await;
        // The socket is given back first: with what is held, others are told that there is room.
        drop(driver);
        drop(self);
    }

    pub(super) fn conn(&self) -> &Conn {
        &self.held.0
    }

    fn event(&mut self) -> RouteEvent<'_, R> {
        ConnEvent::new(&self.held.0, &self.hosted.store, &mut self.session)
    }

    /// Calls the handler that was set for this connection in place of the declared one; tells its name, too.
    #[inline]
    fn call_replaced(&self, message: &Received<'_>) -> Option<(&'static str, Result<Outcome, Panicked>)> {
        Some(match message {
            Received::Utf8(text) => {
                let handler = self.conn().replaced_utf8()?;
                ("on_utf8", catch_now(|| handler(text.as_str())))
            }
            Received::Binary(data) => {
                let handler = self.conn().replaced_binary()?;
                ("on_binary", catch_now(|| handler(data.as_slice())))
            }
            Received::Pong(data) => {
                let handler = self.conn().replaced_pong()?;
                ("on_pong", catch_now(|| handler(data.as_slice())))
            }
        })
    }

    /// Ends the connection where its handler failed, or where nobody waited for it to end.
    fn settle(
        &self,
        name: &'static str,
        refused: Refused,
        ended: Option<Result<Outcome, Panicked>>,
    ) -> Verdict {
        match ended {
            Some(Ok(Ok(()))) => Verdict::GoOn,
            Some(Ok(Err(failure))) => self.fail(name, refused, Ok(failure)),
            Some(Err(panicked)) => self.fail(name, refused, Err(panicked)),
            None => Verdict::End,
        }
    }

    /// Ends the connection as its handler failed, or does what a refused argument leads to.
    #[cold]
    fn fail(&self, name: &'static str, refused: Refused, failed: Result<Failure, Panicked>) -> Verdict {
        let refusal = failed.as_ref().ok().and_then(Failure::refusal);
        let close = match refusal.map(|reject| refused.close(reject)) {
            None => Some(Close::failure()),
            Some(close) => close,
        };
        check(self.conn(), name, failed.map(Err));
        let Some(close) = close else { return Verdict::GoOn };
        self.conn().send_path().push_close(close);
        Verdict::End
    }
}

/// Messages of plain handlers are handled where they lie; those of `async` ones are awaited one after the other.
impl<R: Route> Receiver for Dispatcher<R> {
    const HANDLES: bool = true;

    fn receive<'b>(&mut self, incoming: Incoming<'b>) -> Result<(), Incoming<'b>> {
        // The driver answers pings and keeps Close frames to itself.
        let Ok(message) = Received::of(incoming) else { return Ok(()) };
        match self.call_replaced(&message) {
            Some((name, ended)) => {
                self.settle(name, Refused::of(&message), Some(ended));
            }
            None => match catch_now(|| message.handle::<R>(self.event())) {
                Ok(Ok(Handled::Done)) => {}
                Ok(Ok(Handled::Later)) => return Err(message.into()),
                Ok(Err(failure)) => {
                    self.fail(message.handler::<R>(), Refused::of(&message), Ok(failure));
                }
                Err(panicked) => {
                    self.fail(message.handler::<R>(), Refused::of(&message), Err(panicked));
                }
            },
        }
        message.give_back();
        Ok(())
    }
}

/// What becomes of a connection whose handler was not run, as one of its arguments was refused.
#[derive(Debug, Clone, Copy)]
enum Refused {
    /// It closes with 1008, policy violation.
    ClosesByPolicy,
    /// It closes with 4000 and the status of the refusal.
    ClosesByStatus,
    /// It goes on.
    GoesOn,
}

impl Refused {
    fn of(message: &Received<'_>) -> Self {
        match message {
            Received::Utf8(_) | Received::Binary(_) => Self::ClosesByPolicy,
            Received::Pong(_) => Self::GoesOn,
        }
    }

    /// How the connection closes, if it does.
    fn close(self, reject: &Reject) -> Option<Close> {
        match self {
            Self::ClosesByPolicy => Some(Close::refused(1008, reject)),
            Self::ClosesByStatus => Some(Close::refused(4000 + reject.status().as_u16(), reject)),
            Self::GoesOn => None,
        }
    }
}
