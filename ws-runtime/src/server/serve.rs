//! The loop of a server: accepts, and brings everything down in order.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Hosted;
use super::shutdown::Stage;
use crate::conn::{Conn, catch, live, turn_away};
use crate::event::{ServerEvent, Service};
use crate::listen::{Address, Listener, Stream, accept_pause};

/// Descriptors that are left for everything but connections.
#[cfg(unix)]
const DESCRIPTORS_APART: usize = 64;

/// How many peers are told at once that there is no room; more are sent away without a word.
const MOST_TURNED_AWAY: usize = 64;

/// How long connections have to run their `disconnect` handlers once patience is over.
const LAST_GRACE: Duration = Duration::from_secs(1);

/// Runs the server until it has shut down.
pub(super) async fn serve<S: Service>(hosted: Arc<Hosted<S>>, listeners: Vec<Listener>) {
    let mut connections = JoinSet::new();
    accept(&hosted, &listeners, &mut connections).await;
    // From here on a new peer is refused by the kernel.
    drop(listeners);
    tracing::info!(server = hosted.server.name(), "shutting down");
    let deadline = Instant::now() + hosted.server.options().shutdown_timeout;
    run_shutdown(&hosted, deadline).await;
    close(&hosted, &mut connections, deadline).await;
    tracing::info!(server = hosted.server.name(), "stopped");
}

/// Accepts connections until the server is asked to stop; each lives in a task of its own.
async fn accept<S: Service>(hosted: &Arc<Hosted<S>>, listeners: &[Listener], connections: &mut JoinSet<()>) {
    let most = capacity(hosted.server.options().max_connections);
    let openings = &hosted.server.0.openings;
    let mut turned_away = JoinSet::new();
    let mut stopping = std::pin::pin!(hosted.server.stopping());
    let mut accepting: Vec<Pin<Box<Accepting<'_>>>> = listeners.iter().map(accept_one).collect();
    loop {
        let has_room = openings.has_room(Instant::now());
        tokio::select! {
            biased;
            () = &mut stopping => return,
            Some(_) = connections.join_next() => {}
            Some(_) = turned_away.join_next() => {}
            () = openings.changed(), if !has_room => {}
            (stream, peer) = any(&mut accepting, listeners), if has_room => {
                let now = Instant::now();
                // One that dawdles in its handshake goes before one that knocks is sent away.
                if connections.len() < most || openings.evict(now) {
                    let place = openings.admit(&peer, now);
                    connections.spawn(live(Arc::clone(hosted), stream, peer, place));
                    continue;
                }
                tracing::debug!(%peer, most, "not connected: as many as `max_connections` allows are");
                if hosted.tls.is_none() && turned_away.len() < MOST_TURNED_AWAY {
                    turned_away.spawn(turn_away(stream));
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

type Accepting<'a> = dyn Future<Output = (Stream, Address)> + Send + 'a;

/// Accepts one connection, however often it fails before.
fn accept_one(listener: &Listener) -> Pin<Box<Accepting<'_>>> {
    Box::pin(async move {
        loop {
            match listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) => pause(listener, &error).await,
            }
        }
    })
}

/// Waits where accepting at once would fail again, as when no descriptors are left.
async fn pause(listener: &Listener, error: &io::Error) {
    match accept_pause(error) {
        Some(pause) => {
            tracing::warn!(address = %listener.address(), %error, "cannot accept for now");
            sleep_until(Instant::now() + pause).await;
        }
        None => {
            tracing::debug!(address = %listener.address(), %error, "a peer went away before it was accepted");
        }
    }
}

/// The next connection of any listener.
async fn any<'a>(accepting: &mut [Pin<Box<Accepting<'a>>>], listeners: &'a [Listener]) -> (Stream, Address) {
    poll_fn(|cx| {
        for (next, listener) in accepting.iter_mut().zip(listeners) {
            if let Poll::Ready(accepted) = next.as_mut().poll(cx) {
                *next = accept_one(listener);
                return Poll::Ready(accepted);
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
            Some(handler) => catch(async { handler(server) }).await,
            None => catch(S::shutdown(ServerEvent::new(server, &hosted.store))).await,
        }
    };
    let done = tokio::select! {
        () = server.aborting() => return,
        done = timeout_at(deadline, handler) => done,
    };
    match done {
        Ok(outcome) => server.report(S::HANDLERS.shutdown, &outcome),
        Err(_) => {
            tracing::error!(handler = S::HANDLERS.shutdown, "handler took longer than `shutdown_timeout`");
        }
    }
}

/// Has every connection finish and say goodbye, and cuts those that take too long.
async fn close<S: Service>(hosted: &Hosted<S>, connections: &mut JoinSet<()>, deadline: Instant) {
    let server = &hosted.server;
    server.advance(Stage::Closing);
    #[cfg(unix)]
    server.0.watchers.clear();
    server.0.registry.each(Conn::finish);
    server.0.tasks.close();

    let all_done = async {
        while connections.join_next().await.is_some() {}
        server.0.tasks.wait().await;
    };
    let all_done = tokio::select! {
        () = server.aborting() => false,
        done = timeout_at(deadline, all_done) => done.is_ok(),
    };
    if all_done {
        return;
    }
    tracing::warn!(connections = connections.len(), "`shutdown_timeout` is over: cutting what is left");
    server.abort();
    let last = async {
        while connections.join_next().await.is_some() {}
        server.0.tasks.wait().await;
    };
    if timeout_at(Instant::now() + LAST_GRACE, last).await.is_err() {
        connections.shutdown().await;
    }
}
