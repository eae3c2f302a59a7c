//! Runs the `start` handler.

use thiserror::Error;

use super::Hosted;
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

/// Runs the `start` handler. If the server is asked to stop meanwhile, the handler is dropped at its next await, and the
/// server goes on to its shutdown.
pub(super) async fn run_start<S: Service>(hosted: &Hosted<S>) -> Result<(), Error> {
    let server = &hosted.server;
    let reason = tokio::select! {
        biased;
        done = catch(|| S::start(ServerEvent::new(server, &hosted.store))) => match done {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(failure)) => StartError::Failed(failure.to_string()),
            Err(panicked) => StartError::Panicked(panicked.to_string()),
        },
        () = server.stopping() => {
            tracing::info!(handler = S::START, server = server.name(), "handler dropped: the server is asked to stop");
            return Ok(());
        }
    };
    Err(Error::Start { handler: S::START, source: reason })
}
