//! What a shutdown came to.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Server;
use crate::event::Close;

/// What a shutdown came to: [`Running::stopped`](crate::Running::stopped) returns it, and it is logged.
///
/// It counts the connections that were open when the shutdown began, and those that were accepted after that, during
/// `shutdown_delay`.
///
/// ```
/// use ws_runtime::prelude::*;
///
/// #[ws_server(listen = "127.0.0.1:0")]
/// mod echo {
///     #[on(utf8)]
///     fn echo(text: &str) -> &str {
///         text
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> ws_runtime::Result<()> {
/// let running = echo::server().bind().await?;
/// running.shutdown();
/// let report = running.stopped().await;
/// assert_eq!((report.closed(), report.cut(), report.dropped()), (0, 0, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShutdownReport {
    closed: u64,
    cut: u64,
    dropped: u64,
    duration: Duration,
}

impl ShutdownReport {
    /// How many connections were closed in order: a Close frame was sent, behind all that was sent before.
    #[must_use]
    pub fn closed(&self) -> u64 {
        self.closed
    }

    /// How many connections ended without that: cut because `shutdown_timeout` was over, because their peer read too
    /// slowly or answered no ping, or because the network failed. Those whose handlers were left behind are among them.
    #[must_use]
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// How many messages were sent to these connections and never written, as [`Close::dropped`] counts them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How long the shutdown took, from the signal on.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.duration
    }

    pub(super) fn log(&self, server: &'static str) {
        let Self { closed, cut, dropped, duration } = self;
        // Read by people: to the millisecond.
        let seconds = duration.as_millis() as f64 / 1000.0;
        tracing::info!(server, closed, cut, dropped, seconds, "stopped");
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { closed, cut, dropped, duration } = self;
        write!(f, "{closed} connections closed, {cut} cut, {dropped} messages dropped in {duration:.3?}")
    }
}

/// How the connections have ended since the shutdown began.
#[derive(Debug, Default)]
pub(super) struct Endings {
    closed: AtomicU64,
    cut: AtomicU64,
    dropped: AtomicU64,
}

impl Server {
    /// Counts the end of a connection for the report, if the server shuts down.
    ///
    /// How it ended does not tell whether it was in order: a Close frame with any code may have been left unwritten.
    pub(crate) fn note_end(&self, close: &Close, has_sent_close: bool) {
        if !self.is_shutting_down() {
            return;
        }
        let Endings { closed, cut, dropped } = &self.0.endings;
        if has_sent_close { closed } else { cut }.fetch_add(1, Ordering::Relaxed);
        dropped.fetch_add(close.dropped(), Ordering::Relaxed);
    }

    /// The report, once all connections have ended or are left behind.
    pub(super) fn shutdown_report(&self, duration: Duration) -> ShutdownReport {
        let Endings { closed, cut, dropped } = &self.0.endings;
        let left_behind = self.0.connections.len() as u64;
        ShutdownReport {
            closed: closed.load(Ordering::Relaxed),
            cut: cut.load(Ordering::Relaxed) + left_behind,
            dropped: dropped.load(Ordering::Relaxed),
            duration,
        }
    }
}
