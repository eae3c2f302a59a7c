//! Calls handlers: catches their panics, and logs their failures with the handler's name.

use std::any::Any;
use std::fmt::Display;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::conn::Conn;
use crate::escape::Escaped;
use crate::event::{Outcome, Refusal};

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

/// Runs a handler and catches its panic, so that a panic ends only the handler's own connection.
pub(crate) async fn catch<F: Future>(handler: impl FnOnce() -> F) -> Result<F::Output, Panicked> {
    // The call itself runs a plain handler to its end; only an `async` one is polled.
    pin!(Caught::call(handler)?).await
}

pin_project! {
    /// A handler that was called and may not have ended. Its panics are caught, also those of destructors when a
    /// cancelled handler is dropped: a second panic while the thread unwinds would end the process.
    pub(in crate::conn) struct Caught<F> {
        #[pin]
        handler: Option<F>,
    }

    impl<F> PinnedDrop for Caught<F> {
        fn drop(this: Pin<&mut Self>) {
            // There is no caller left to report it to. The panic hook has run.
            let _ = catch_now(|| this.project().handler.set(None));
        }
    }
}

impl<F: Future> Caught<F> {
    /// Calls a handler.
    pub(in crate::conn) fn call(handler: impl FnOnce() -> F) -> Result<Self, Panicked> {
        Ok(Self { handler: Some(catch_now(handler)?) })
    }
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(handler) = self.project().handler.as_pin_mut() else { return Poll::Pending };
        match catch_now(|| handler.poll(cx)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(panicked) => Poll::Ready(Err(panicked)),
        }
    }
}

/// Runs a handler that does not await, and catches its panic.
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
        Ok(Err(_)) | Err(_) if !conn.server().allows_log(handler) => {}
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
