//! SIGINT and SIGTERM, and the thread that hears them.

use std::future::Future;
use std::io;
use std::pin::pin;

use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use super::io_poller::relieve;
use crate::error::Error;
use crate::server::{LAST_GRACE, Running};

/// Waits for the signals and for the server's end, with a runtime of its own on the thread of `start()`: handlers that
/// block all workers would make a task among them deaf.
pub(crate) struct Attendant {
    runtime: Runtime,
    signals: Signals,
}

impl Attendant {
    pub(crate) fn new() -> Result<Self, Error> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Error::Runtime)?;
        let signals = {
            let _context = runtime.enter();
            Signals::listen().map_err(Error::Signals)?
        };
        Ok(Self { runtime, signals })
    }

    /// Does something in the context of a runtime.
    pub(crate) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let _context = self.runtime.enter();
        work()
    }

    /// Binds the server among the workers, and runs it until it has stopped.
    pub(crate) fn run(
        mut self,
        workers: &Runtime,
        bind: impl Future<Output = Result<Running, Error>>,
    ) -> Result<(), Error> {
        let signals = &mut self.signals;
        let bound = workers.block_on(async {
            tokio::select! {
                bound = bind => bound.map(Some),
                name = signals.next() => {
                    tracing::info!("{name}: ending before the start");
                    Ok(None)
                }
            }
        });
        if let Some(running) = bound? {
            self.runtime.block_on(async {
                tokio::select! {
                    () = attend(running, signals) => {}
                    () = relieve(workers) => {}
                }
            });
        }
        Ok(())
    }
}

/// Shuts the server down at the first signal, and ends it at the second.
async fn attend(running: Running, signals: &mut Signals) {
    let server = running.server().clone();
    let name = server.name();
    let mut stopped = pin!(running.stopped());
    let mut overdue = pin!(async {
        server.stopping().await;
        // It ends by itself before, unless all its threads are blocked.
        sleep(server.options().shutdown_timeout + 3 * LAST_GRACE).await;
    });
    let mut asked = false;
    loop {
        tokio::select! {
            () = &mut stopped => return,
            signal = signals.next() => {
                if asked {
                    tracing::warn!(server = name, "{signal} again: ending at once");
                    break;
                }
                tracing::info!(server = name, "{signal}: shutting down; once more to end at once");
                server.shutdown();
                asked = true;
            }
            () = &mut overdue => {
                server.abort();
                tracing::warn!(server = name, "handlers block all threads: ending without them");
                return;
            }
        }
    }
    server.abort();
    if timeout(3 * LAST_GRACE, stopped).await.is_err() {
        tracing::warn!(server = name, "handlers block all threads: ending without them");
    }
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
