//! A server that is bound and runs in the background.

use tokio::task::JoinHandle;

use super::{Server, ShutdownReport};
use crate::listen::Address;

/// A running server: where it listens, and a handle to stop it.
///
/// Dropping this does not stop the server. [`Server::shutdown`] does.
#[derive(Debug)]
pub struct Running {
    pub(super) server: Server,
    pub(super) serving: JoinHandle<ShutdownReport>,
}

impl Running {
    /// The server's handle.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Where the server listens: one address for each listener. If port 0 was given, it is the port that the system
    /// chose.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        self.server.addresses()
    }

    /// Asks the server to shut down, see [`Server::shutdown`].
    pub fn shutdown(&self) {
        self.server.shutdown();
    }

    /// Waits until the server has shut down, and tells how its connections have ended.
    ///
    /// All connections are closed then and all handlers are done, except for handlers that block their thread for more
    /// than 0.75 s after `shutdown_timeout`. If these block all threads of the runtime, it waits for them.
    pub async fn stopped(self) -> ShutdownReport {
        // Fails only if the runtime is shut down: then the server is gone too.
        self.serving.await.unwrap_or_default()
    }
}
