//! The stages of a server's shutdown.

use super::Server;
use crate::conn::Conn;

/// How far the shutdown has come. A later stage never goes back to an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Connections are accepted and served.
    Running,
    /// The server was asked to stop: it accepts nothing more, and the `shutdown` handler runs.
    Stopping,
    /// Connections handle what has arrived and are closed with 1001.
    Closing,
    /// `shutdown_timeout` is over: what is left is cut, running handlers included. `disconnect` handlers still run, for
    /// `LAST_GRACE`.
    Aborting,
    /// `LAST_GRACE` is over: `disconnect` handlers are dropped too.
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

    /// Has the server end everything at once. Returns at once itself, whatever other threads hold on to.
    pub(crate) fn end_at_once(&self) {
        self.advance(Stage::Aborting);
    }

    /// Ends everything: connections are cut, running handlers but `disconnect` are dropped.
    pub(super) fn abort(&self) {
        self.advance(Stage::Aborting);
        self.0.registry.each_remaining(Conn::abort);
    }

    /// Ends `disconnect` handlers too.
    pub(super) fn abandon(&self) {
        self.advance(Stage::Abandoning);
        self.0.registry.each_remaining(Conn::abandon);
    }

    /// Waits until the server is asked to stop.
    pub(crate) async fn stopping(&self) {
        self.reached(Stage::Stopping).await;
    }

    /// Waits until everything is to end at once.
    pub(crate) async fn aborting(&self) {
        self.reached(Stage::Aborting).await;
    }

    pub(super) async fn reached(&self, stage: Stage) {
        let mut stages = self.0.stage.subscribe();
        // The sender lives in `self`, so waiting cannot fail before the stage is reached.
        let _ = stages.wait_for(|now| *now >= stage).await;
    }
}
