//! SIGINT and SIGTERM.

use std::io;

use tokio::task::JoinHandle;

use crate::Server;
use crate::error::Error;

/// Shuts the server down at the first signal, and ends the process at the second.
pub(crate) fn obey(server: Server) -> Result<JoinHandle<()>, Error> {
    let mut signals = Signals::listen().map_err(Error::Signals)?;
    Ok(tokio::spawn(async move {
        let name = signals.next().await;
        tracing::info!(server = server.name(), "{name}: shutting down; once more to end at once");
        server.shutdown();
        let name = signals.next().await;
        tracing::warn!(server = server.name(), "{name} again: ending at once");
        server.abort();
    }))
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self(tokio::signal::windows::ctrl_c()?))
    }

    async fn next(&mut self) -> &'static str {
        self.0.recv().await;
        "CTRL-C"
    }
}
