//! SIGHUP: certificates and keys are read again.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::listen::Tls;
use crate::server::Server;

/// SIGHUP, if it has a meaning for the server. If not, it ends the process, as it does by default.
pub(super) struct Hangup(Option<Signal>);

impl Hangup {
    /// Registers the signal if certificates are in files. Must be called inside a tokio runtime, and before the server
    /// is ready: whoever waits for that may send the signal at once.
    pub(super) fn listen(tls: Option<&Tls>) -> io::Result<Self> {
        let is_in_files = tls.is_some_and(Tls::is_in_files);
        is_in_files.then(|| signal(SignalKind::hangup())).transpose().map(Self)
    }

    /// Reads them again at each signal, until the server closes its connections.
    pub(super) fn reload(self, server: &Server) {
        let Some(mut hangup) = self.0 else { return };
        let this = server.clone();
        server.spawn(async move {
            while this.wait_for(hangup.recv()).await {
                tracing::info!(server = this.name(), "SIGHUP received: reading certificates and keys again");
                // What has changed, and what cannot be used, is logged already.
                if let Ok(false) = this.reload_tls().await {
                    tracing::info!(server = this.name(), "tls: nothing has changed");
                }
            }
        });
    }
}
