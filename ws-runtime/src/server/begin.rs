//! Runs the `start` handler.

use thiserror::Error;

use super::{Hosted, Server};
use crate::conn::catch;
use crate::error::Error;
use crate::event::{ServerEvent, Service};

/// Why the `start` handler has failed.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum StartError {
    /// It returned an error, or an argument of it did.
    #[error("{0}")]
    Failed(String),
    /// It panicked, with this message.
    #[error("{0}")]
    Panicked(String),
}

/// Runs the `start` handler. If the server is asked to stop meanwhile, the handler is dropped at its next await, and
/// the server goes on to its shutdown.
pub(super) async fn run_start<S: Service>(hosted: &Hosted<S>) -> Result<(), Error> {
    let server = &hosted.server;
    // What the handler has begun, such as ticks and watches, ends with it, also if this future is dropped.
    let unless_started = EndAtOnce(server);
    let reason = tokio::select! {
        biased;
        done = catch(server, S::START, || S::start(ServerEvent::new(server, &hosted.store))) => match done {
            Ok(Ok(())) => {
                unless_started.disarm();
                return Ok(());
            }
            Ok(Err(failure)) => StartError::Failed(failure.to_string()),
            Err(panicked) => StartError::Panicked(panicked.to_string()),
        },
        () = server.asked() => {
            unless_started.disarm();
            tracing::info!(handler = S::START, server = server.name(), "handler dropped: the server is asked to stop");
            return Ok(());
        }
    };
    Err(Error::Start { handler: S::START, source: reason })
}

/// Ends the server when it is dropped: it does not come to serve.
struct EndAtOnce<'s>(&'s Server);

impl EndAtOnce<'_> {
    fn disarm(self) {
        std::mem::forget(self);
    }
}

impl Drop for EndAtOnce<'_> {
    fn drop(&mut self) {
        self.0.end_at_once();
    }
}
