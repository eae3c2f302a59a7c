//! The loop of a server: accepts, and brings everything down in order.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::task::TaskTracker;

use super::Hosted;
use super::pending::Evicted;
use super::shutdown::Stage;
use crate::conn::{Conn, catch, live, refuse};
use crate::event::{ServerEvent, Service};
use crate::listen::{Address, Listener, Stream, accept_pause};

/// Descriptors that are left for everything but connections.
#[cfg(unix)]
const DESCRIPTORS_APART: usize = 64;

/// How many peers are told at once that there is no room; more are sent away without a word.
const MOST_TURNED_AWAY: usize = 64;

/// How long connections have to run their `disconnect` handlers once patience is over.
pub(crate) const LAST_GRACE: Duration = Duration::from_secs(1);

/// How often it is said at most that connections cannot be accepted.
const WARN_EVERY: Duration = Duration::from_secs(30);

/// Runs the server until it has shut down.
pub(super) async fn serve<S: Service>(hosted: Arc<Hosted<S>>, listeners: Vec<Listener>) {
    let connections = TaskTracker::new();
    let server = hosted.server.clone();
    let alarms = tokio::spawn(async move {
        let wake = |number| server.0.registry.get(number).iter().for_each(Conn::wake);
        server.alarms().ring(wake).await;
    });
    accept(&hosted, &listeners, &connections).await;
    // From here on a new peer is refused by the kernel.
    drop(listeners);
    tracing::info!(server = hosted.server.name(), "shutting down");
    let deadline = Instant::now() + hosted.server.options().shutdown_timeout;
    run_shutdown(&hosted, deadline).await;
    close(&hosted, &connections, deadline).await;
    alarms.abort();
    tracing::info!(server = hosted.server.name(), "stopped");
}

/// Accepts connections until the server is asked to stop; each lives in a task of its own.
async fn accept<S: Service>(hosted: &Arc<Hosted<S>>, listeners: &[Listener], connections: &TaskTracker) {
    let most = capacity(hosted.server.options().max_connections);
    let full = Evicted { option: "max_connections", limit: most };
    let pending = &hosted.server.0.pending;
    let mut turned_away = JoinSet::new();
    let mut stopping = std::pin::pin!(hosted.server.stopping());
    let mut accepting: Vec<Pin<Box<Accepting<'_>>>> =
        listeners.iter().map(|listener| accept_one(listener, Warned::default())).collect();
    loop {
        let has_room = pending.has_room(Instant::now());
        tokio::select! {
            biased;
            () = &mut stopping => return,
            Some(_) = turned_away.join_next() => {}
            () = pending.changed(), if !has_room => {}
            (stream, peer) = any(&mut accepting, listeners), if has_room => {
                let now = Instant::now();
                // A stalled handshake is evicted before a new connection is refused.
                if connections.len() < most || pending.evict_stalled(full, now) {
                    let slot = pending.take_slot(&peer, now);
                    connections.spawn(live(Arc::clone(hosted), stream, peer, slot));
                    continue;
                }
                tracing::debug!(%peer, most, "not connected: as many as `max_connections` allows are");
                if hosted.tls.is_none() && turned_away.len() < MOST_TURNED_AWAY {
                    turned_away.spawn(refuse(stream));
                }
            }
        }
    }
}

/// How many connections are served at once: never so many that the process runs out of descriptors, as it needs some
/// for itself.
fn capacity(max_connections: usize) -> usize {
    #[cfg(unix)]
    if let Some(descriptors) = rustix::process::getrlimit(rustix::process::Resource::Nofile).current {
        let descriptors = usize::try_from(descriptors).unwrap_or(usize::MAX);
        let room = descriptors.saturating_sub(DESCRIPTORS_APART) / 5 * 4;
        if room < max_connections {
            tracing::debug!(
                descriptors,
                connections = room,
                "fewer connections than `max_connections`: `ulimit -n` says so"
            );
            return room.max(1);
        }
    }
    max_connections
}

type Accepting<'a> = dyn Future<Output = (Stream, Address, Warned)> + Send + 'a;

/// When it was last said that connections cannot be accepted: once in a while is enough.
#[derive(Clone, Copy, Default)]
struct Warned(Option<Instant>);

/// Accepts one connection, however often it fails before.
fn accept_one(listener: &Listener, mut warned: Warned) -> Pin<Box<Accepting<'_>>> {
    Box::pin(async move {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => return (stream, peer, warned),
                Err(error) => pause(listener, &error, &mut warned).await,
            }
        }
    })
}

/// Waits where accepting at once would fail again, as when no descriptors are left.
async fn pause(listener: &Listener, error: &io::Error, warned: &mut Warned) {
    let Some(pause) = accept_pause(error) else {
        tracing::debug!(address = %listener.address(), %error, "a peer went away before it was accepted");
        return;
    };
    let now = Instant::now();
    if warned.0.is_none_or(|last| now >= last + WARN_EVERY) {
        tracing::warn!(address = %listener.address(), %error, "cannot accept for now; trying again until it works");
        warned.0 = Some(now);
    }
    sleep_until(now + pause).await;
}

/// The next connection of any listener.
async fn any<'a>(accepting: &mut [Pin<Box<Accepting<'a>>>], listeners: &'a [Listener]) -> (Stream, Address) {
    poll_fn(|cx| {
        for (next, listener) in accepting.iter_mut().zip(listeners) {
            if let Poll::Ready((stream, peer, warned)) = next.as_mut().poll(cx) {
                *next = accept_one(listener, warned);
                return Poll::Ready((stream, peer));
            }
        }
        Poll::Pending
    })
    .await
}

/// Runs the `shutdown` handler, with the connections still there.
async fn run_shutdown<S: Service>(hosted: &Hosted<S>, deadline: Instant) {
    let server = &hosted.server;
    let handler = async {
        match server.replaced_shutdown() {
            Some(handler) => catch(|| async { handler(server) }).await,
            None => catch(|| S::shutdown(ServerEvent::new(server, &hosted.store))).await,
        }
    };
    let done = tokio::select! {
        () = server.aborting() => return,
        done = timeout_at(deadline, handler) => done,
    };
    match done {
        Ok(outcome) => server.report(S::HANDLERS.shutdown.name, &outcome),
        Err(_) => {
            tracing::error!(
                handler = S::HANDLERS.shutdown.name,
                "handler took longer than `shutdown_timeout`"
            );
        }
    }
}

/// Has every connection finish and say goodbye, and cuts those that take too long.
async fn close<S: Service>(hosted: &Hosted<S>, connections: &TaskTracker, deadline: Instant) {
    let server = &hosted.server;
    server.advance(Stage::Closing);
    #[cfg(unix)]
    server.0.watchers.clear();
    server.0.registry.each(Conn::finish);
    server.0.tasks.close();
    connections.close();

    let all_done = async {
        connections.wait().await;
        server.0.tasks.wait().await;
    };
    tokio::select! {
        () = server.aborting() => {}
        done = timeout_at(deadline, all_done) => match done {
            Ok(()) => return,
            Err(_) => {
                tracing::warn!(connections = connections.len(), "`shutdown_timeout` is over: cutting what is left");
                server.abort();
            }
        }
    }
    let last = async || {
        connections.wait().await;
        server.0.tasks.wait().await;
    };
    if timeout_at(Instant::now() + LAST_GRACE, last()).await.is_ok() {
        return;
    }
    server.abandon();
    if timeout_at(Instant::now() + LAST_GRACE, last()).await.is_err() {
        // No task can be ended while it runs.
        tracing::warn!(connections = connections.len(), "handlers that block their thread are left behind");
    }
}
