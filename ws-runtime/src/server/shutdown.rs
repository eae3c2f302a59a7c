//! The stages of a server's shutdown.

use super::Server;
use crate::conn::Conn;

/// The stage of the shutdown. It only advances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Connections are accepted and served.
    Running,
    /// The server was asked to stop: it accepts nothing more, and the `shutdown` handler runs.
    Stopping,
    /// Connections handle what has arrived and are closed with 1001.
    Closing,
    /// `shutdown_timeout` has passed: connections are cut, and running handlers are cancelled. `disconnect` handlers
    /// still run, for `LAST_GRACE`.
    Aborting,
    /// `LAST_GRACE` has passed: `disconnect` handlers are cancelled too.
    Abandoning,
}

impl Server {
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
    pub(crate) async fn stopping(&self) {
        self.reached(Stage::Stopping).await;
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
