//! A handler that blocks its thread delays nothing that others send.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ws_runtime::Running;
use ws_runtime::prelude::*;
use ws_tests::frame::frame;
use ws_tests::raw::HANDSHAKE;

#[ws_server(listen = "127.0.0.1:0")]
mod square {
    use super::*;

    #[state]
    pub struct Square {
        pub has_broadcast: Sender<()>,
        pub go_on: Mutex<Receiver<()>>,
    }

    #[on(utf8)]
    fn block(text: &str, server: &Server, square: &Square) {
        server.broadcast_utf8(text);
        square.has_broadcast.send(()).unwrap();
        let go_on = square.go_on.lock().unwrap_or_else(PoisonError::into_inner);
        go_on.recv_timeout(Duration::from_secs(20)).unwrap();
    }
}

/// A peer without a runtime.
fn connect(running: &Running) -> TcpStream {
    let mut stream = TcpStream::connect(ws_tests::address(running)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(HANDSHAKE.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_broadcast_leaves_while_a_handler_that_has_broadcast_blocks() {
    let ((has_broadcast, broadcast), (go_on, wait)) = (channel(), channel());
    let state = square::Square { has_broadcast, go_on: Mutex::new(wait) };
    let running = square::server().state(state).bind().await.unwrap();
    let (mut blocking, mut peer) = (connect(&running), connect(&running));
    while running.server().connections().len() < 2 {
        tokio::task::yield_now().await;
    }
    blocking.write_all(&frame(0x81, b"one")).unwrap();
    broadcast.recv_timeout(Duration::from_secs(20)).unwrap();
    // It is the handler's turn that is to write the first, and it goes on.
    running.server().broadcast_utf8("two");
    let mut received = [0; 10];
    peer.read_exact(&mut received).expect("both arrive while the handler blocks");
    assert_eq!(&received, b"\x81\x03one\x81\x03two");
    go_on.send(()).unwrap();
}
