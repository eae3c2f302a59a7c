//! Calls handlers: catches their panics, and logs their failures with the handler's name.

use std::any::Any;
use std::fmt::Display;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::observe::{self, Call};
use crate::conn::Conn;
use crate::escape::Escaped;
use crate::event::{Outcome, Refusal};
use crate::server::Server;

/// A handler panicked, with this message.
#[derive(Debug, thiserror::Error)]
#[error("panicked: {0}")]
pub(crate) struct Panicked(String);

impl Panicked {
    fn new(payload: &(dyn Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<&'static str>()
            .map(|message| (*message).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        Self(message.unwrap_or_else(|| "with a value that is not text".to_owned()))
    }
}

/// Runs the handler of this name and catches its panic, so that a panic ends only the handler's own connection.
pub(crate) async fn catch<F: Future>(
    server: &Server,
    name: &'static str,
    handler: impl FnOnce() -> F,
) -> Result<F::Output, Panicked> {
    // The call itself runs a plain handler to its end; only an `async` one is polled.
    pin!(Caught::call(server, name, handler)?).await
}

/// Runs the handler of this name, which does not await, and catches its panic.
pub(crate) fn catch_call<T>(
    server: &Server,
    name: &'static str,
    handler: impl FnOnce() -> T,
) -> Result<T, Panicked> {
    observe::at_once(server, name, || catch_now(handler))
}

pin_project! {
    /// A handler that was called and may not have ended. Its panics are caught, also those of destructors when a
    /// cancelled handler is dropped: a second panic while the thread unwinds would end the process.
    pub(in crate::conn) struct Caught<F> {
        call: Call,
        #[pin]
        handler: Option<F>,
    }

    impl<F> PinnedDrop for Caught<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let mut handler = this.handler;
            if handler.is_some() {
                // There is no caller left to report it to. The panic hook has run.
                let _ = this.call.stretch(|| catch_now(|| handler.set(None)));
                this.call.end();
            }
        }
    }
}

impl<F: Future> Caught<F> {
    /// Calls the handler of this name.
    pub(in crate::conn) fn call(
        server: &Server,
        name: &'static str,
        handler: impl FnOnce() -> F,
    ) -> Result<Self, Panicked> {
        let mut call = Call::begin(server, name);
        match call.stretch(|| catch_now(handler)) {
            Ok(handler) => Ok(Self { call, handler: Some(handler) }),
            Err(panicked) => {
                call.end();
                Err(panicked)
            }
        }
    }
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(handler) = this.handler.as_pin_mut() else { return Poll::Pending };
        let ended = match this.call.stretch(|| catch_now(|| handler.poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(panicked) => Err(panicked),
        };
        this.call.end();
        Poll::Ready(ended)
    }
}

/// Runs code of the user's that belongs to the handler of this name but is not its call, and catches its panic.
pub(crate) fn catch_code<T>(name: &'static str, code: impl FnOnce() -> T) -> Result<T, Panicked> {
    observe::code_of(name, || catch_now(code))
}

/// Runs code of the user's that belongs to no handler, such as a destructor, and catches its panic.
pub(crate) fn catch_now<T>(handler: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(handler)).map_err(|payload| {
        let panicked = Panicked::new(&*payload);
        // The payload is the user's, and its destructor may panic too. The second payload is leaked.
        if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(another);
        }
        panicked
    })
}

/// Logs a failure under the handler's name, unless too many were. Returns whether the connection goes on.
#[inline]
pub(in crate::conn) fn report(
    conn: &Conn,
    handler: &'static str,
    outcome: Result<Outcome, Panicked>,
) -> Verdict {
    count_failure(conn.server(), handler, &outcome);
    match outcome {
        Ok(Ok(())) => return Verdict::GoOn,
        Ok(Err(failure)) if failure.is_of_phase() => {
            tracing::debug!(
                handler,
                conn = conn.id(),
                "handler not run: it is for another phase of the session"
            );
        }
        // A peer that connects anew each time, or that stays, must not fill the log.
        Ok(Err(_)) | Err(_) if !conn.server().allows_failure(handler) => {}
        Ok(Err(failure)) => match failure.refusal() {
            Some(Refusal::Handler(_)) => {
                tracing::warn!(handler, conn = conn.id(), peer = %conn.peer(), reason = %Escaped(&failure), "handler refused");
            }
            Some(Refusal::Runtime(_) | Refusal::NoBinary) => log_not_run(conn, handler, &failure),
            None => log(conn, handler, &failure),
        },
        Err(panic) => log(conn, handler, &panic),
    }
    Verdict::End
}

/// Counts a call that has failed. Does nothing for one that has not.
#[inline]
pub(crate) fn count_failure(server: &Server, handler: &'static str, outcome: &Result<Outcome, Panicked>) {
    let error = match outcome {
        Ok(Ok(())) => return,
        Ok(Err(failure)) => failure.as_str(),
        Err(_) => "panic",
    };
    server.counters().failed(handler, error);
}

fn log(conn: &Conn, handler: &'static str, error: &dyn Display) {
    tracing::error!(handler, conn = conn.id(), peer = %conn.peer(), error = %Escaped(error), "handler failed");
}

/// A warning, not an error: the peer may be the cause as well as the program.
#[cold]
fn log_not_run(conn: &Conn, handler: &'static str, refused: &dyn Display) {
    tracing::warn!(handler, conn = conn.id(), peer = %conn.peer(), reason = %Escaped(refused), "handler not run");
}

/// Whether a connection goes on after a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::conn) enum Verdict {
    GoOn,
    End,
}
