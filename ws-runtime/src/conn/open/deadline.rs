//! Interrupts the opening of a connection: at its deadline, or when the server shuts down.

use std::future::Future;
use std::ops::DerefMut;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::sleep;

use crate::Server;

/// What interrupted the opening.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(super) enum Interrupted {
    #[error("handshake_timeout ({} s) passed", .0.as_secs_f64())]
    TooSlow(Duration),
    #[error("the server is shutting down")]
    ShuttingDown,
}

/// Waits until `handshake_timeout` has passed from now, or the server shuts down.
pub(super) async fn interruption(server: &Server) -> Interrupted {
    let handshake_timeout = server.options().handshake_timeout;
    tokio::select! {
        biased;
        () = server.refusing() => Interrupted::ShuttingDown,
        () = sleep(handshake_timeout) => Interrupted::TooSlow(handshake_timeout),
    }
}

/// Runs a step unless it is interrupted. The caller pins both: an `async fn` that takes a future by value holds it
/// twice.
pub(super) async fn unless_interrupted<T>(
    interruption: Pin<&mut impl Future<Output = Interrupted>>,
    step: Pin<impl DerefMut<Target: Future<Output = T>>>,
) -> Result<T, Interrupted> {
    tokio::select! {
        biased;
        interrupted = interruption => Err(interrupted),
        done = step => Ok(done),
    }
}
