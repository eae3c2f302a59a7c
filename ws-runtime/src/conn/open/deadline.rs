//! The time that an opening has.

use std::future::Future;
use std::ops::DerefMut;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::sleep;

use crate::Server;

/// What ends an opening that is not done.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(super) enum Untimely {
    #[error("handshake_timeout ({} s) passed", .0.as_secs_f64())]
    TooSlow(Duration),
    #[error("the server shuts down")]
    ShuttingDown,
}

/// Waits for what ends an opening that is not done: its deadline, or the server's shutdown.
pub(super) async fn untimely_end(server: &Server) -> Untimely {
    let handshake_timeout = server.options().handshake_timeout;
    tokio::select! {
        biased;
        () = server.stopping() => Untimely::ShuttingDown,
        () = sleep(handshake_timeout) => Untimely::TooSlow(handshake_timeout),
    }
}

/// Does a step of the opening, unless that ends before. Both are pinned by the caller: an `async fn` that takes a future by
/// value holds it twice.
pub(super) async fn before<T>(
    end: Pin<&mut impl Future<Output = Untimely>>,
    step: Pin<impl DerefMut<Target: Future<Output = T>>>,
) -> Result<T, Untimely> {
    tokio::select! {
        biased;
        end = end => Err(end),
        done = step => Ok(done),
    }
}
