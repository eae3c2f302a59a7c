//! The stages of a server's shutdown.

use std::sync::atomic::Ordering;

use tokio::time::sleep;

use super::Server;
use crate::CloseError;
use crate::conn::Conn;

/// The stage of the shutdown. It only advances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Connections are accepted and served.
    Running,
    /// The server was asked to stop. It goes on as before for `shutdown_delay`.
    Asked,
    /// It accepts nothing more. Handshakes that go on have a moment to end: a client that connects during a restart is
    /// not to fail.
    Stopping,
    /// Handshakes are refused with 503. The `shutdown` handler runs.
    Refusing,
    /// Connections are closed one by one, within `shutdown_spread`. Those whose turn has not come are served. No room is
    /// kept without a member: nobody can come back.
    Spreading,
    /// All connections handle what has arrived and are closed.
    Closing,
    /// `shutdown_timeout` has passed: connections are cut, and running handlers are cancelled. `disconnect` handlers
    /// still run, for `LAST_GRACE`.
    Aborting,
    /// `LAST_GRACE` has passed: `disconnect` handlers are cancelled too.
    Abandoning,
}

impl Server {
    /// Shuts the server down. It stops accepting and runs the `shutdown` handler; each connection handles what has
    /// arrived and is closed with 1001 (going away); then [`start`](crate::Builder::start) returns.
    ///
    /// Returns at once, so handlers can call it. Connections that are left after `shutdown_timeout` (30 s) are cut, and
    /// their `disconnect` handlers have 0.7 s more. A second call changes nothing.
    pub fn shutdown(&self) {
        self.ask(GOING_AWAY);
    }

    /// Shuts the server down as [`shutdown`](Self::shutdown) does, with this close code: 1012 (service restart) tells
    /// clients to connect again after a random time.
    ///
    /// If the server shuts down already, the call changes nothing.
    ///
    /// # Errors
    ///
    /// [`CloseError::Shutdown`] for a code that does not stand for a shutdown; the server goes on then. Allowed are
    /// 1000 (normal closure), 1001 (going away), 1012 (service restart), 1013 (try again later), and the codes that
    /// programs define: 3000 to 4999.
    ///
    /// ```
    /// use ws_runtime::CloseError;
    /// use ws_runtime::prelude::*;
    ///
    /// #[ws_server]
    /// mod chat {
    ///     use super::*;
    ///
    ///     #[on(utf8)]
    ///     fn text(text: &str, server: &Server) {
    ///         if text == "restart" {
    ///             server.shutdown_with(1012).expect("1012 is allowed");
    ///         }
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> ws_runtime::test::Result {
    /// # let server = chat::server().test().await?;
    /// # let mut ann = server.connect("/").await?;
    /// assert_eq!(server.server().shutdown_with(1002), Err(CloseError::Shutdown { code: 1002 }));
    /// ann.send_utf8("restart").await?;
    /// assert_eq!(ann.closed().await?.code, 1012);
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown_with(&self, code: u16) -> Result<(), CloseError> {
        if !matches!(code, 1000 | GOING_AWAY | 1012 | 1013 | 3000..=4999) {
            return Err(CloseError::Shutdown { code });
        }
        self.ask(code);
        Ok(())
    }

    /// Whether a shutdown has begun: by [`shutdown`](Self::shutdown) or a signal. During `shutdown_delay` it has, and
    /// connections are still accepted.
    #[must_use]
    pub fn is_shutting_down(&self) -> bool {
        self.has_reached(Stage::Asked)
    }

    /// Asks the server to shut down, unless it was asked before.
    fn ask(&self, code: u16) {
        let to = if self.options().shutdown_delay.is_zero() { Stage::Stopping } else { Stage::Asked };
        self.0.stage.send_if_modified(|stage| {
            let is_first = *stage == Stage::Running;
            if is_first {
                self.0.close_code.store(code, Ordering::Relaxed);
                *stage = to;
            }
            is_first
        });
    }

    /// The code with which the shutdown closes connections.
    pub(crate) fn close_code(&self) -> u16 {
        self.0.close_code.load(Ordering::Relaxed)
    }

    /// Waits until the server was asked to stop and `shutdown_delay` has passed. For `serve` alone.
    pub(super) async fn delayed(&self) {
        self.asked().await;
        tokio::select! {
            biased;
            () = self.stopping() => {}
            () = sleep(self.options().shutdown_delay) => self.advance(Stage::Stopping),
        }
    }

    pub(super) fn advance(&self, to: Stage) {
        self.0.stage.send_if_modified(|stage| {
            let forward = to > *stage;
            if forward {
                *stage = to;
            }
            forward
        });
    }

    /// Asks the server to end everything at once. Never blocks, whatever other threads do.
    pub(crate) fn end_at_once(&self) {
        self.advance(Stage::Aborting);
    }

    /// Cuts all connections, and cancels running handlers except `disconnect`.
    pub(super) fn abort(&self) {
        self.advance(Stage::Aborting);
        self.0.registry.each_remaining(Conn::abort);
    }

    /// Cancels `disconnect` handlers too.
    pub(super) fn abandon(&self) {
        self.advance(Stage::Abandoning);
        self.0.registry.each_remaining(Conn::abandon);
    }

    /// Waits until the server is asked to stop.
    pub(crate) async fn asked(&self) {
        self.reached(Stage::Asked).await;
    }

    /// Whether connections are accepted.
    #[cfg(feature = "tower")]
    pub(crate) fn accepts(&self) -> bool {
        !self.has_reached(Stage::Stopping)
    }

    /// Waits until the server accepts nothing more.
    pub(crate) async fn stopping(&self) {
        self.reached(Stage::Stopping).await;
    }

    /// Waits until the server refuses handshakes that it has begun.
    pub(crate) async fn refusing(&self) {
        self.reached(Stage::Refusing).await;
    }

    /// Waits until the server begins to close its connections, one by one.
    pub(crate) async fn spreading(&self) {
        self.reached(Stage::Spreading).await;
    }

    /// Whether the server has begun to close its connections.
    pub(crate) fn is_spreading(&self) -> bool {
        self.has_reached(Stage::Spreading)
    }

    /// Waits until the server cuts what is left.
    pub(crate) async fn aborting(&self) {
        self.reached(Stage::Aborting).await;
    }

    /// Waits until the server closes its connections.
    pub(crate) async fn closing(&self) {
        self.reached(Stage::Closing).await;
    }

    /// Whether the server closes its connections.
    pub(crate) fn is_closing(&self) -> bool {
        self.has_reached(Stage::Closing)
    }

    pub(super) fn has_reached(&self, stage: Stage) -> bool {
        *self.0.stage.borrow() >= stage
    }

    pub(super) async fn reached(&self, stage: Stage) {
        let mut stages = self.0.stage.subscribe();
        // The sender lives in `self`, so waiting cannot fail before the stage is reached.
        let _ = stages.wait_for(|now| *now >= stage).await;
    }
}

/// The close code of a shutdown, unless the program gives another (RFC 6455, section 7.4.1).
pub(super) const GOING_AWAY: u16 = 1001;
