//! A server whose futures, or whose runtime, are dropped while it runs. A test binary of its own, as it counts the
//! process's descriptors.
#![cfg(target_os = "linux")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;
use std::{future, thread};

use tokio::runtime::{self, Runtime};
use ws_runtime::prelude::*;
use ws_runtime::{SendError, Server};
use ws_tests::frame::frame;
use ws_tests::raw::HANDSHAKE;

#[ws_server(listen = "127.0.0.1:0", origins = any)]
mod house {
    use super::*;

    #[state]
    pub struct Begun(pub mpsc::Sender<Server>);

    #[on(ready)]
    fn ready(conn: &Conn, begun: &Begun) {
        begun.0.send(conn.server().clone()).unwrap();
    }

    #[on(utf8)]
    async fn utf8(text: &str) -> &str {
        if text == "wait" {
            future::pending().await
        }
        text
    }

    #[on(disconnect)]
    async fn disconnect() {
        future::pending().await
    }

    #[tick(period = 0.001)]
    async fn tick() {
        future::pending().await
    }
}

/// One test counts at a time.
static COUNTING: Mutex<()> = Mutex::new(());

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn runtime(threads: usize) -> Runtime {
    match threads {
        0 => runtime::Builder::new_current_thread().enable_all().build().unwrap(),
        _ => runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap(),
    }
}

fn shake_hands(server: &Server) -> TcpStream {
    let mut stream = knock(server);
    stream.write_all(HANDSHAKE.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    stream
}

fn knock(server: &Server) -> TcpStream {
    let port = server.addresses()[0].port().unwrap();
    TcpStream::connect(("127.0.0.1", port)).unwrap()
}

fn echoed(stream: &mut TcpStream) {
    stream.write_all(&frame(0x81, b"here")).unwrap();
    let mut echo = [0; 6];
    stream.read_exact(&mut echo).unwrap();
    assert_eq!(&echo, b"\x81\x04here");
}

/// The server ends the stream, or resets it.
fn is_over(mut stream: TcpStream) {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    match stream.read_to_end(&mut Vec::new()) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

#[test]
fn a_runtime_that_is_dropped_takes_each_connection_with_it_though_handles_are_kept() {
    let _counting = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
    // The first runtime of a process makes what all share.
    drop(runtime(0));
    let before = descriptors();
    // One server after the other.
    for threads in [0, 2, 0, 2] {
        let (begun, ready) = mpsc::channel();
        let (handle, is_bound) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let owner = thread::spawn(move || {
            let runtime = runtime(threads);
            runtime.block_on(async {
                let running = house::server().state(house::Begun(begun)).bind().await.unwrap();
                handle.send(running.server().clone()).unwrap();
                let mut waiting = Box::pin(running.stopped());
                assert!(futures_util::poll!(&mut waiting).is_pending());
                // Dropped midway.
                drop(waiting);
                stopped.await.unwrap();
            });
        });
        let server = is_bound.recv().unwrap();
        let mut peers = [knock(&server), shake_hands(&server), shake_hands(&server), shake_hands(&server)];
        echoed(&mut peers[1]);
        echoed(&mut peers[2]);
        peers[2].write_all(&frame(0x81, b"wait")).unwrap();
        // Its `disconnect` does not end.
        peers[3].write_all(&frame(0x88, b"")).unwrap();
        (0..3).for_each(|_| drop(ready.recv().unwrap()));
        while server.connections().len() > 2 {
            thread::yield_now();
        }
        let conns = server.connections();
        stop.send(()).unwrap();
        owner.join().unwrap();
        peers.into_iter().for_each(is_over);
        assert_eq!(server.connections(), []);
        for conn in conns {
            assert!(matches!(conn.send_utf8("hello"), Err(SendError::Gone)), "{conn:?}");
        }
        assert_eq!(server.broadcast_utf8("hello"), 0);
        server.shutdown();
        assert!(ready.recv().is_err(), "the state is dropped");
        // It keeps what it knows of the runtime.
        drop(server);
        assert_eq!(descriptors(), before);
    }
}

#[test]
fn a_server_whose_future_is_dropped_keeps_its_socket_until_its_runtime_is() {
    let _counting = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
    // The first runtime of a process makes what all share.
    drop(runtime(0));
    let before = descriptors();
    let runtime = runtime(2);
    let own = descriptors();
    runtime.block_on(async {
        for polls in 0..4 {
            let (begun, _) = mpsc::channel();
            let mut serving = Box::pin(house::server().state(house::Begun(begun)).serve());
            for _ in 0..polls {
                assert!(futures_util::poll!(&mut serving).is_pending());
                tokio::task::yield_now().await;
            }
        }
    });
    // Those that were begun go on, each with its socket.
    assert_eq!(descriptors(), own + 3);
    drop(runtime);
    assert_eq!(descriptors(), before);
}
