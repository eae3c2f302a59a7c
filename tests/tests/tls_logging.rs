//! A program that sends its log to its clients (by the `log` crate), and a peer that breaks TLS: a library that logs in
//! the middle of a connection's work would have the connection wait for itself. A test binary of its own, as a process
//! has one logger.

use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use log::{LevelFilter, Log, Metadata, Record};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use ws_runtime::prelude::*;
use ws_runtime::{ClosedBy, Server};
use ws_tests::address;
use ws_tests::raw::{Cut, HANDSHAKE, ask};
use ws_tests::tls::{encrypt, identity};

#[ws_server(listen = "127.0.0.1:0", origins = any)]
mod viewer {
    use super::*;

    #[state]
    pub struct Told(pub mpsc::Sender<(u16, ClosedBy)>);

    #[on(disconnect)]
    fn over(close: &Close, told: &Told) {
        told.0.send((close.code(), close.by())).unwrap();
    }
}

/// Broadcasts all that is logged.
struct Broadcaster(OnceLock<Server>);

static BROADCASTER: Broadcaster = Broadcaster(OnceLock::new());

impl Log for Broadcaster {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        if let Some(server) = self.0.get() {
            server.broadcast_utf8(record.args().to_string());
        }
    }

    fn flush(&self) {}
}

#[test]
fn a_peer_that_breaks_tls_hangs_no_connection_by_what_is_logged_of_it() {
    log::set_logger(&BROADCASTER).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let (told, ends) = mpsc::channel();
    // Of its own, as a lock that is taken twice would hang the test.
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(break_tls(told));
    });
    let end = ends.recv_timeout(Duration::from_secs(20)).expect("the connection does not hang");
    assert_eq!(end, (1006, ClosedBy::Network));
}

async fn break_tls(told: mpsc::Sender<(u16, ClosedBy)>) {
    let (tls, connector) = identity();
    let running = viewer::server().tls(tls).state(viewer::Told(told)).bind().await.unwrap();
    BROADCASTER.0.set(running.server().clone()).unwrap();
    let stream = TcpStream::connect(address(&running)).await.unwrap();
    let mut stream = encrypt(&connector, stream).await;
    ask(&mut stream, HANDSHAKE.as_bytes(), Cut::Whole).await;
    // A ChangeCipherSpec, which is not encrypted and has no place after the handshake (RFC 8446, section 5).
    stream.get_mut().0.write_all(&[0x14, 3, 3, 0, 1, 1]).await.unwrap();
    let _ = stream.read_to_end(&mut Vec::new()).await;
    running.shutdown();
    running.stopped().await;
}
