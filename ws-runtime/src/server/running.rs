//! A server that is bound and runs in the background.

use tokio::task::JoinHandle;

use super::Server;
use crate::listen::Address;

/// A server that runs: where it listens, and a handle to stop it.
///
/// It goes on when this is dropped; [`Server::shutdown`] stops it.
#[derive(Debug)]
pub struct Running {
    pub(super) server: Server,
    pub(super) serving: JoinHandle<()>,
}

impl Running {
    /// The server, to send, to list and to stop.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Where the server listens: one address for each listener, with the real port where 0 was asked for.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        self.server.addresses()
    }

    /// Asks the server to shut down, see [`Server::shutdown`].
    pub fn shutdown(&self) {
        self.server.shutdown();
    }

    /// Waits until the server has shut down: all connections are closed, all handlers are done, but for one that blocks
    /// its thread for longer than `shutdown_timeout`.
    pub async fn stopped(self) {
        // It fails only where the runtime itself is torn down: then the server is gone too.
        let _ = self.serving.await;
    }
}
