//! The thread that looks at the slots, while any server is watched.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing::dispatcher::{self, Dispatch};

use super::name::name_of;
use super::sample::{Finding, FindingKind, Sampler};
use super::slot::look_at_all;
use crate::conn::catch_now;
use crate::server::Server;

/// The shortest and the longest time between two looks. It is a quarter of the smallest limit.
const STEPS: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(250));

/// The time between two looks while nothing happens.
const IDLE: Duration = Duration::from_millis(250);

/// Nothing happens if this many looks in a row saw no handler, and none that has run in between.
const QUIET_LOOKS: u32 = 40;

/// For how many threads there is room from the start, so that nothing is allocated later.
const THREADS: usize = 64;

/// Watches the handlers of a server until what this returns is dropped. `None` if its option `watchdog` is 0.
pub(crate) fn watch(server: &Server) -> Option<Watched> {
    let limit = server.options().watchdog;
    if limit.is_zero() {
        return None;
    }
    let log = dispatcher::get_default(Clone::clone);
    let mut watchdog = lock();
    watchdog.servers.push(Entry { server: server.clone(), limit, log });
    if !watchdog.has_thread {
        let spawned = thread::Builder::new().name("ws-watchdog".to_owned()).spawn(look_until_none_is_left);
        watchdog.has_thread = spawned.is_ok();
        if let Err(error) = spawned {
            drop(watchdog);
            tracing::warn!(server = server.name(), %error, "watchdog: its thread cannot be started, handlers that block are not found");
        }
    }
    Some(Watched(server.clone()))
}

/// A server that is watched.
#[must_use]
pub(crate) struct Watched(Server);

impl Drop for Watched {
    fn drop(&mut self) {
        let address = self.0.address();
        let ended = {
            let mut watchdog = lock();
            let at = watchdog.servers.iter().position(|entry| entry.server.address() == address);
            at.map(|at| watchdog.servers.swap_remove(at))
        };
        CHANGED.notify_all();
        // Without the lock: this may be the last handle of the server.
        drop(ended);
    }
}

static WATCHDOG: Mutex<Watchdog> = Mutex::new(Watchdog { servers: Vec::new(), has_thread: false });

/// Notified when a server is no longer watched.
static CHANGED: Condvar = Condvar::new();

struct Watchdog {
    servers: Vec<Entry>,
    has_thread: bool,
}

/// A server that is watched.
#[derive(Clone)]
struct Entry {
    server: Server,
    limit: Duration,
    /// The subscriber of the thread that started it.
    log: Dispatch,
}

fn lock() -> MutexGuard<'static, Watchdog> {
    WATCHDOG.lock().unwrap_or_else(PoisonError::into_inner)
}

fn look_until_none_is_left() {
    let mut sampler = Sampler::for_threads(THREADS);
    let (mut seen, mut findings) = (Vec::with_capacity(THREADS), Vec::new());
    let mut quiet_looks = 0;
    let mut watchdog = lock();
    loop {
        let Some(smallest) = watchdog.servers.iter().map(|entry| entry.limit).min() else {
            watchdog.has_thread = false;
            return;
        };
        let step = (smallest / 4).clamp(STEPS.0, STEPS.1);
        let pause = if quiet_looks < QUIET_LOOKS { step } else { step.max(IDLE) };
        (watchdog, _) = CHANGED.wait_timeout(watchdog, pause).unwrap_or_else(PoisonError::into_inner);

        look_at_all(&mut seen);
        let limit = |address| watchdog.find(address).map(|entry| entry.limit);
        let is_busy = sampler.look(Instant::now(), step, &seen, limit, &mut findings);
        quiet_looks = if is_busy { 0 } else { quiet_looks.saturating_add(1) };
        if !findings.is_empty() {
            let found: Vec<(Finding, Entry)> = findings
                .drain(..)
                .filter_map(|finding| Some((finding, watchdog.find(finding.seen.server)?.clone())))
                .collect();
            // Without the lock: a log subscriber is the user's code, and may block.
            drop(watchdog);
            for (finding, entry) in found {
                // If it panics, the panic hook has told so. The others are watched on.
                let _ = catch_now(|| entry.report(finding));
            }
            watchdog = lock();
        }
    }
}

impl Watchdog {
    fn find(&self, address: usize) -> Option<&Entry> {
        self.servers.iter().find(|entry| entry.server.address() == address)
    }
}

impl Entry {
    fn report(&self, finding: Finding) {
        let Finding { seen, time, kind } = finding;
        let Some(handler) = name_of(seen.handler) else { return };
        let server = &self.server;
        if kind == FindingKind::Blocks {
            server.counters().blocked();
        }
        let name = server.name();
        dispatcher::with_default(&self.log, || {
            if !server.allows_log("watchdog") {
                return;
            }
            match kind {
                FindingKind::Blocks => {
                    tracing::warn!(
                        handler,
                        server = name,
                        "handler blocks its thread, for {time:.1?} so far (watchdog)"
                    );
                }
                FindingKind::StillBlocks => {
                    tracing::warn!(
                        handler,
                        server = name,
                        "handler still blocks its thread, for {time:.1?} so far (watchdog)"
                    );
                }
                FindingKind::Over => {
                    tracing::warn!(
                        handler,
                        server = name,
                        "handler has blocked its thread for {time:.1?} (watchdog)"
                    );
                }
            }
        });
    }
}
