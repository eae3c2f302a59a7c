//! The tasks of one room: those of its ticks and of its timers.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long the handlers of ticks and timers that run may take before the room is emptied without them.
pub(super) const STOPPING: Duration = Duration::from_secs(30);

/// The tasks of one room.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    tracker: TaskTracker,
    /// Handlers that run end, and no more begin.
    stop: CancellationToken,
    /// Handlers that run are dropped.
    drop: CancellationToken,
    /// Notified when a timer is started that is due before all others.
    pub(super) sooner: Notify,
}

impl Tasks {
    pub(super) fn track(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let drop = self.drop.clone();
        self.tracker.track_future(async move {
            tokio::select! {
                biased;
                () = drop.cancelled() => {}
                () = task => {}
            }
        })
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits until the tasks have to stop.
    pub(super) async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// Waits until the handlers that run have ended. Returns false if they take too long: then they are dropped.
    pub(super) async fn stop(&self) -> bool {
        self.stop.cancel();
        self.tracker.close();
        if timeout(STOPPING, self.tracker.wait()).await.is_ok() {
            return true;
        }
        self.drop.cancel();
        self.tracker.wait().await;
        false
    }
}
