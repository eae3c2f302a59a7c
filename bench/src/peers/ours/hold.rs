//! The server of the fault programme: it echoes, broadcasts, closes, waits and panics as it is told to, and tells what
//! it has counted. Its options are at their defaults, but for those that a row sets in its environment.

#![expect(clippy::panic, reason = "handlers that panic are what it is asked for")]

use std::io;
use std::net::SocketAddr;

use ws_runtime::Tls;

use crate::tls::Identity;

/// Where the server tells what it has counted.
pub(crate) const COUNTS: &str = "/counts";

/// The path of a peer whose `disconnect` panics.
pub(crate) const PANICS_AT_THE_END: &str = "/panics-at-the-end";

/// The path of a peer that gets what is told.
pub(crate) const AUDIENCE: &str = "/audience";

/// How long the slow handler takes, in milliseconds.
pub(crate) const SLOW: u64 = 300;

#[super::ws_server]
mod faults {
    use std::io::Write;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use ws_runtime::prelude::*;

    use crate::server::LISTENING;

    /// What has happened so far, and how many calls are still to panic.
    #[state]
    #[derive(Default)]
    struct Counts {
        ready: AtomicU64,
        disconnected: AtomicU64,
        panic_in_connect: AtomicU64,
        panic_in_tick: AtomicU64,
    }

    /// What a handler locks when it panics.
    #[state]
    #[derive(Default)]
    struct Locked(u64);

    /// Who gets what is told.
    #[state]
    #[derive(Default)]
    struct Audience(Group);

    #[session]
    struct Visit {
        listens: bool,
        panics_at_the_end: bool,
    }

    #[on(start)]
    fn start(server: &Server) {
        for address in server.addresses() {
            println!("{LISTENING}{address}");
        }
        let _ = std::io::stdout().flush();
    }

    /// Whether this call is one of those that are still to panic.
    fn is_due(calls: &AtomicU64) -> bool {
        calls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    #[on(connect)]
    fn connect(counts: &Counts) {
        assert!(!is_due(&counts.panic_in_connect), "asked to panic in connect");
    }

    #[on(handshake)]
    fn admit(handshake: &Handshake) -> Visit {
        let path = handshake.path();
        Visit { listens: path == super::AUDIENCE, panics_at_the_end: path == super::PANICS_AT_THE_END }
    }

    #[on(ready)]
    fn ready(conn: &Conn, visit: &Visit, counts: &Counts, audience: &Audience) {
        counts.ready.fetch_add(1, Ordering::Relaxed);
        if visit.listens {
            audience.0.insert(conn);
        }
    }

    #[on(disconnect)]
    fn disconnect(visit: &Visit, counts: &Counts) {
        counts.disconnected.fetch_add(1, Ordering::Relaxed);
        assert!(!visit.panics_at_the_end, "asked to panic in disconnect");
    }

    #[tick(period = 0.002)]
    fn tick(counts: &Counts) {
        assert!(!is_due(&counts.panic_in_tick), "asked to panic in a tick");
    }

    #[on(binary)]
    fn echo(data: &[u8]) -> &[u8] {
        data
    }

    #[on(utf8)]
    fn broadcast(server: &Server, text: &str) {
        server.broadcast_utf8(text);
    }

    /// Goes to the audience alone, and not to honest peers that wait for their echoes.
    #[on("tell")]
    fn tell(Json(text): Json<&str>, audience: &Audience) {
        audience.0.broadcast_utf8(text);
    }

    #[on("panic")]
    fn panic_at_once() {
        panic!("asked to panic");
    }

    #[on("panic_late")]
    async fn panic_after_await() {
        tokio::task::yield_now().await;
        panic!("asked to panic after an await");
    }

    #[on("panic_locked")]
    fn panic_with_a_lock(locked: &mut Locked) {
        locked.0 += 1;
        panic!("asked to panic with a lock held");
    }

    /// The next calls of `connect` panic.
    #[on("arm_connect")]
    fn arm_connect(Json(calls): Json<u64>, counts: &Counts) {
        counts.panic_in_connect.store(calls, Ordering::Relaxed);
    }

    /// The next ticks panic.
    #[on("arm_tick")]
    fn arm_tick(Json(calls): Json<u64>, counts: &Counts) {
        counts.panic_in_tick.store(calls, Ordering::Relaxed);
    }

    #[on("goodbye")]
    fn close(conn: &Conn) {
        let _ = conn.disconnect(1000, "as asked");
    }

    /// Its answer is due even when the server is told to stop meanwhile.
    #[on("slow")]
    async fn slow() -> u64 {
        tokio::time::sleep(Duration::from_millis(super::SLOW)).await;
        super::SLOW
    }

    #[get("/counts")]
    fn counts(counts: &Counts, locked: &Locked) -> String {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        format!(
            "ready {}\ndisconnected {}\nlocked {}\narmed {}\n",
            read(&counts.ready),
            read(&counts.disconnected),
            locked.0,
            read(&counts.panic_in_connect) + read(&counts.panic_in_tick),
        )
    }
}

/// Serves until it is told to stop, by a signal.
pub(crate) fn serve(listen: SocketAddr, identity: Option<Identity>, threads: usize) -> io::Result<()> {
    let server = faults::server().listen(listen.to_string().as_str()).threads(threads);
    match identity.map(|identity| Tls::pem(identity.certificate, identity.key)) {
        None => server.start(),
        Some(tls) => server.tls(tls).start(),
    }
    .map_err(io::Error::other)
}
