//! The main loop of a server: accepts connections, then shuts down step by step.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::accept::Acceptors;
use super::capacity::Capacity;
use super::pending::{Evicted, PendingHandshakes};
use super::report::ShutdownReport;
use super::shutdown::Stage;
use super::spread::spread;
use super::{Hosted, Seat, Server, TooMany};
use crate::conn::{Conn, Life, NoPlace, catch, refuse};
use crate::event::{ServerEvent, Service};
use crate::listen::{Address, Listener};
use crate::options::Options;
use crate::side::{self, SideListeners};
use crate::watchdog::watch;

/// How many peers are being refused with an answer at once. A further one takes the place of one that has stalled; if
/// there is none, it is closed without an answer.
const MAX_REFUSALS: usize = 64;

/// How long handshakes that go on when the server stops accepting have to end. One that its peer stalls has less.
const HANDSHAKES: Duration = Duration::from_millis(500);

/// How long a peer that is refused may keep the server waiting before it makes way for another: many that stall must not
/// keep out the probe of a load balancer, which is near and sends its request at once.
const REFUSAL_GRACE: Duration = Duration::from_millis(25);

/// How long connections have to run their `disconnect` handlers once `shutdown_timeout` is over.
const LAST_GRACE: Duration = Duration::from_millis(700);

/// How long it may take after that to drop the handlers that are left.
const DROPPING: Duration = Duration::from_millis(50);

/// Runs the server until it has shut down.
pub(super) async fn serve<S: Service>(
    hosted: Arc<Hosted<S>>,
    listeners: Vec<Listener>,
    capacity: Capacity,
    side: SideListeners,
) -> ShutdownReport {
    let server = hosted.server.clone();
    let _watched = watch(&server);
    let alarms = tokio::spawn(async move {
        server
            .alarms()
            .ring(|number| server.alarm(number), |delay| server.counters().runtime_delayed(delay))
            .await;
    });
    let server = &hosted.server;
    let asked = {
        let mut accepting = pin!(accept(&hosted, &listeners, capacity));
        tokio::select! {
            () = &mut accepting => Instant::now(),
            () = server.asked() => {
                let asked = Instant::now();
                announce_delay(server);
                accepting.await;
                asked
            }
        }
    };
    // From here on the kernel refuses new connections.
    drop(listeners);
    tracing::info!(server = server.name(), "shutting down");
    let deadline = asked + server.options().shutdown_timeout;
    tokio::select! {
        () = server.aborting() => {}
        () = server.0.pending.settled(deadline.min(Instant::now() + HANDSHAKES)) => {}
    }
    server.advance(Stage::Refusing);
    run_shutdown(&hosted, deadline).await;
    server.0.connections.close();
    server.advance(Stage::Spreading);
    spread(server, deadline).await;
    close(&hosted, deadline).await;
    alarms.abort();
    side.end().await;
    let report = server.shutdown_report(asked.elapsed());
    report.log(server.name());
    report
}

fn announce_delay(server: &Server) {
    let delay = server.options().shutdown_delay;
    if !delay.is_zero() {
        tracing::info!(
            server = server.name(),
            "shutting down in {delay:?} (shutdown_delay); still accepting"
        );
    }
}

/// Accepts connections until the server is asked to stop, and spawns a task for each.
async fn accept<S: Service>(hosted: &Arc<Hosted<S>>, listeners: &[Listener], capacity: Capacity) {
    let server = &hosted.server;
    let connections = &server.0.connections;
    let pending = &server.0.pending;
    let refusals = Arc::new(PendingHandshakes::new(MAX_REFUSALS, 1).with_grace(REFUSAL_GRACE));
    let mut refusing = JoinSet::new();
    // Over TLS an answer costs a handshake, which is worth it for a probe only.
    let is_answered = hosted.tls.is_none() || side::has_probes(server.options());
    let mut stopping = pin!(server.delayed());
    let mut acceptors = Acceptors::new(listeners, &server.0.freed);
    loop {
        let has_room = pending.has_room(Instant::now());
        tokio::select! {
            biased;
            () = &mut stopping => return,
            Some(_) = refusing.join_next() => server.0.freed.notify_one(),
            () = pending.changed(), if !has_room => {}
            (stream, peer) = acceptors.next(), if has_room => {
                let now = Instant::now();
                let why = match admit(server, &peer) {
                    Ok(seat) => {
                        // A stalled handshake is evicted before a new peer is refused.
                        let full = Evicted { option: "max_connections", limit: capacity.connections };
                        if connections.len() < capacity.connections || pending.evict_stalled(full, now) {
                            let slot = pending.take_slot(&peer, now);
                            connections.spawn(Life::begin(Arc::clone(hosted), stream, peer, slot, seat));
                            continue;
                        }
                        tracing::debug!(%peer, "refused: {capacity} reached");
                        NoPlace::Full
                    }
                    Err(too_many) => NoPlace::TooMany(too_many),
                };
                if is_answered && refusals.has_room(now) {
                    let slot = refusals.take_slot(&peer, now);
                    refusing.spawn(refuse(Arc::clone(hosted), stream, peer, slot, why));
                } else {
                    server.counters().rejected(why.rejected());
                }
            }
        }
    }
}

/// Counts a connection of this peer, unless that is a proxy whose client is not known yet.
fn admit(server: &Server, peer: &Address) -> Result<Option<Seat>, TooMany> {
    let clients = server.clients();
    if clients.are_unlimited() {
        return Ok(None);
    }
    let Options { trusted_proxies, proxy_protocol, .. } = server.options();
    let direct = peer.ip().filter(|_| !trusted_proxies.contain(peer) && !proxy_protocol.contain(peer));
    let admitted = direct.map(|ip| clients.admit(ip)).transpose();
    admitted.inspect_err(|too_many| server.log_too_many(*too_many, peer, direct))
}

/// Runs the `shutdown` handler, while connections are still open.
async fn run_shutdown<S: Service>(hosted: &Hosted<S>, deadline: Instant) {
    let server = &hosted.server;
    let replaced = server.replaced_shutdown();
    let name = if replaced.is_some() { "on_shutdown" } else { S::SHUTDOWN };
    let handler = async {
        match replaced {
            Some(handler) => catch(server, name, || async { handler(server) }).await,
            None => catch(server, name, || S::shutdown(ServerEvent::new(server, &hosted.store))).await,
        }
    };
    let done = tokio::select! {
        () = server.aborting() => return,
        done = timeout_at(deadline, handler) => done,
    };
    match done {
        Ok(outcome) => server.report(name, &outcome),
        Err(_) => {
            tracing::error!(
                handler = name,
                server = server.name(),
                "handler dropped: it took longer than shutdown_timeout ({:?})",
                server.options().shutdown_timeout
            );
        }
    }
}

/// Lets every connection finish and close, and cuts those that take too long.
async fn close<S: Service>(hosted: &Hosted<S>, deadline: Instant) {
    let server = &hosted.server;
    let connections = &server.0.connections;
    server.advance(Stage::Closing);
    #[cfg(unix)]
    server.0.watchers.clear();
    server.0.registry.each(Conn::finish);
    server.0.tasks.close();

    let all_done = async || {
        connections.wait().await;
        server.0.tasks.wait().await;
    };
    tokio::select! {
        () = server.aborting() => {}
        done = timeout_at(deadline, all_done()) => match done {
            Ok(()) => return,
            Err(_) => {
                let timeout = server.options().shutdown_timeout;
                tracing::warn!(
                    connections = connections.len(),
                    server = server.name(),
                    "shutdown_timeout ({timeout:?}) is over: cutting what is left"
                );
            }
        }
    }
    server.abort();
    let last = Instant::now() + LAST_GRACE;
    if timeout_at(last, all_done()).await.is_ok() {
        return;
    }
    server.abandon();
    if timeout_at(last + DROPPING, all_done()).await.is_err() {
        // A task that blocks its thread cannot be cancelled.
        tracing::warn!(
            connections = connections.len(),
            server = server.name(),
            "left behind: handlers that block their thread"
        );
    }
}
