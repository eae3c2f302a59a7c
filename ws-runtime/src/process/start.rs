//! From `start()` to its return: the runtime, the signals, the deadline.

use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::hangup::Hangup;
use super::io_poller::keep_polling;
use super::log::Log;
use super::manager::during;
use super::signals::Signals;
use crate::Server;
use crate::error::Error;
use crate::event::Service;
use crate::options::Draft;
use crate::route::Routes;
use crate::server::{Around, Running, bind, warn};

/// How long a shutdown may take beyond `shutdown_timeout`. Most of it is for `disconnect` handlers (the server's
/// `LAST_GRACE`). After that the server's threads are abandoned.
const OVERDUE: Duration = Duration::from_millis(800);

/// The same for other tasks on these threads. The rest of the promised second is for the log.
const LATEST: Duration = Duration::from_millis(900);

/// How long handlers have after a second signal, and each later step: a quarter of a second in total.
const AT_ONCE: Duration = Duration::from_millis(60);
const STEP_AT_ONCE: Duration = Duration::from_millis(50);

/// Runs a server that owns the process.
///
/// Signals must work even if user code blocks. So this thread runs no user code and logs nothing. The exception are the
/// values of `env` and `threads` in the attribute, which are needed first.
pub(crate) fn start<S: Service>(
    mut draft: Draft,
    around: Around,
    make_store: impl FnOnce() -> S::Store + Send + 'static,
) -> Result<(), Error> {
    if Handle::try_current().is_ok() {
        return Err(Error::InsideRuntime);
    }
    let mut log = Log::set_up();
    let main = Builder::new_current_thread().enable_all().build().map_err(Error::Runtime)?;
    let (mut signals, warnings) = {
        let _context = main.enter();
        (Signals::listen().map_err(Error::Signals)?, draft.prepare(std::env::vars_os(), S::attribute))
    };
    let workers = workers(draft.threads())?;

    let cancelled = Arc::new(Notify::new());
    let binding = workers.spawn_blocking({
        let cancelled = Arc::clone(&cancelled);
        // In the context of the runtime, so that the state's `Default` may spawn tasks; but not in a task, so that it
        // may block on a runtime of its own.
        move || {
            warn(&warnings);
            let mut routes = Routes::declared();
            let settled = draft.settle(S::attribute, routes.take_attributes())?;
            let hangup = Hangup::listen(settled.tls.as_ref()).map_err(Error::Signals)?;
            let store = make_store();
            Handle::current().block_on(async {
                tokio::select! {
                    bound = bind::<S>(settled, routes, store, around) => bound.map(|bound| {
                        hangup.reload(bound.running.server());
                        Some(bound.running)
                    }),
                    () = cancelled.notified() => Ok(None),
                }
            })
        }
    });
    let ending = main.block_on(async {
        let ending = tokio::select! {
            ending = run(binding, &mut signals, &cancelled) => ending,
            never = keep_polling(&workers) => never,
        };
        end_workers(workers, ending.workers, &mut signals).await;
        ending
    });
    main.shutdown_background();
    if ending.at_once {
        log.limit_wait(STEP_AT_ONCE);
    }
    ending.result
}

/// Tells the service manager of the server, for as long as its runtime lives.
async fn tell_manager(server: Server) {
    during(&server, std::future::pending::<()>()).await;
}

fn workers(threads: usize) -> Result<Runtime, Error> {
    let mut builder = Builder::new_multi_thread();
    if threads > 0 {
        builder.worker_threads(threads);
    }
    builder.enable_all().build().map_err(Error::Runtime)
}

/// How `start()` ends.
struct Ending {
    result: Result<(), Error>,
    /// How long the server's threads have to end.
    workers: Duration,
    at_once: bool,
}

impl Ending {
    fn at_once() -> Self {
        Self { result: Ok(()), workers: STEP_AT_ONCE, at_once: true }
    }
}

/// Waits until the server is bound, and then until it has stopped.
async fn run(
    mut binding: JoinHandle<Result<Option<Running>, Error>>,
    signals: &mut Signals,
    cancelled: &Notify,
) -> Ending {
    let bound = tokio::select! {
        // In this order: a server that is bound may have clients already, who are to be told that it ends.
        biased;
        bound = &mut binding => bound,
        signal = signals.next() => {
            cancelled.notify_one();
            // Gives it time to close its listeners and remove their files, unless user code blocks. If it was just about
            // to be bound, it has clients, or will have.
            if let Ok(Ok(Ok(Some(running)))) = timeout(AT_ONCE, &mut binding).await {
                shut_down(running.server(), signal).await;
                return supervise(running, signals, true).await;
            }
            log_from_thread(move || tracing::info!("{signal} received: ending before the server has started")).await;
            return Ending::at_once();
        }
    };
    match bound {
        Ok(Ok(Some(running))) => supervise(running, signals, false).await,
        Ok(Ok(None)) => Ending::at_once(),
        Ok(Err(error)) => Ending { result: Err(error), workers: LATEST, at_once: false },
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => Ending::at_once(),
        },
    }
}

/// Shuts the server down at the first signal, and ends it at the second. `asked`: the first has come already.
async fn supervise(running: Running, signals: &mut Signals, mut asked: bool) -> Ending {
    let server = running.server().clone();
    let name = server.name();
    // On the server's own threads: while these are blocked, the manager is not to believe that all is well.
    server.runtime().spawn(tell_manager(server.clone()));
    let shutdown_timeout = server.options().shutdown_timeout;
    let mut stopped = pin!(running.stopped());
    let mut overdue = pin!(sleep(Duration::ZERO));
    let mut begun = None;
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            () = server.asked(), if begun.is_none() => {
                let now = Instant::now();
                begun = Some(now);
                overdue.as_mut().reset(now + shutdown_timeout + OVERDUE);
            }
            signal = signals.next() => {
                if asked {
                    server.end_at_once();
                    log_from_thread(move || tracing::warn!(server = name, "{signal} received again: ending at once")).await;
                    let _ = timeout(AT_ONCE, stopped).await;
                    return Ending::at_once();
                }
                shut_down(&server, signal).await;
                asked = true;
            }
            // The server ends by itself before this, unless all its threads are blocked.
            () = &mut overdue, if begun.is_some() => {
                log_from_thread(move || tracing::warn!(server = name, "left behind: handlers that block all threads")).await;
                return Ending { result: Ok(()), workers: Duration::ZERO, at_once: false };
            }
        }
    }
    let now = Instant::now();
    let latest = begun.unwrap_or(now) + shutdown_timeout + LATEST;
    Ending { result: Ok(()), workers: latest.saturating_duration_since(now).min(LATEST), at_once: false }
}

/// Shuts a server down at the first signal.
async fn shut_down(server: &Server, signal: &'static str) {
    server.shutdown();
    let name = server.name();
    log_from_thread(move || {
        tracing::info!(server = name, "{signal} received; a second signal ends the process at once");
    })
    .await;
}

/// Ends the server's threads. Waits for what still runs there, for up to `time` and until a signal comes.
async fn end_workers(workers: Runtime, time: Duration, signals: &mut Signals) {
    let mut ending = EndingWorkers(Some(workers));
    let (ended, has_ended) = oneshot::channel::<()>();
    let spawned = thread::Builder::new().name("ws-end".to_owned()).spawn(move || {
        if let Some(workers) = ending.0.take() {
            workers.shutdown_timeout(time);
        }
        drop(ended);
    });
    if spawned.is_ok() {
        tokio::select! {
            _ = has_ended => {}
            _ = signals.next() => {}
            () = sleep_until(Instant::now() + time) => {}
        }
    }
}

/// Dropping a runtime waits for threads that are blocked; dropping this does not.
struct EndingWorkers(Option<Runtime>);

impl Drop for EndingWorkers {
    fn drop(&mut self) {
        if let Some(workers) = self.0.take() {
            workers.shutdown_background();
        }
    }
}

/// Logs from another thread, and waits for it only a moment: a program's own subscriber may block.
async fn log_from_thread(log: impl FnOnce() + Send + 'static) {
    const MOMENT: Duration = Duration::from_millis(80);
    let subscriber = tracing::dispatcher::get_default(Clone::clone);
    let (said, is_said) = oneshot::channel::<()>();
    let spawned = thread::Builder::new().name("ws-say".to_owned()).spawn(move || {
        tracing::dispatcher::with_default(&subscriber, log);
        drop(said);
    });
    if spawned.is_ok() {
        let _ = timeout(MOMENT, is_said).await;
    }
}
