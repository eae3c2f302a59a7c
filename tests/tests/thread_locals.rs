//! What a user keeps in a thread-local is dropped before the crate's own or after them: it can send all the same.

use std::cell::RefCell;
use std::thread;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{self, Runtime};
use tokio_tungstenite::tungstenite::Message;
use ws_runtime::prelude::*;
use ws_runtime::{Compression, Running};
use ws_tests::Client;
use ws_tests::frame::frame;
use ws_tests::raw::{Cut, HANDSHAKE, ask, knock, shake_hands};

#[ws_server(listen = "127.0.0.1:0", origins = any, max_send_size = 1_000_000)]
mod echo {
    use super::*;

    #[on(connect)]
    fn connect(conn: &Conn) {
        conn.set_compression(Compression::On).unwrap();
    }

    #[on(utf8)]
    fn utf8(text: &str) -> &str {
        text
    }
}

/// Large enough for its buffer to be kept by the thread.
const LARGE: usize = 200_000;

/// Sends a last time when it is dropped, in every way.
struct Will(Server);

impl Drop for Will {
    fn drop(&mut self) {
        for conn in self.0.connections() {
            conn.send_utf8("mine").unwrap();
            conn.send_binary(vec![0; LARGE]).unwrap();
        }
        self.0.broadcast_utf8("all the rest ".repeat(100));
        for conn in self.0.connections() {
            conn.disconnect(4000, "").unwrap();
        }
    }
}

thread_local! {
    static WILL: RefCell<Option<Will>> = const { RefCell::new(None) };
    static HOUSE: RefCell<Option<House>> = const { RefCell::new(None) };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_a_thread_drops_as_it_ends_can_send() {
    for sends_before in [false, true] {
        let running = echo::server().bind().await.unwrap();
        let mut plain = Client::connect(&running).await;
        let offer = HANDSHAKE.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
        let mut deflating = knock(&running).await;
        let head = ask(&mut deflating, offer.as_bytes(), Cut::Whole).await;
        assert!(head.contains("permessage-deflate"), "{head}");

        let server = running.server().clone();
        let heir = thread::spawn(move || {
            if sends_before {
                server.broadcast_utf8("before");
            }
            WILL.set(Some(Will(server.clone())));
            server.broadcast_utf8("after");
        });
        heir.join().unwrap();

        let mut expected = if sends_before { vec!["before"] } else { vec![] };
        expected.extend(["after", "mine"]);
        for text in expected {
            assert_eq!(plain.text().await, text);
        }
        assert_eq!(plain.next().await, Message::binary(vec![0; LARGE]));
        assert_eq!(plain.text().await, "all the rest ".repeat(100));
        assert_eq!(u16::from(plain.closed().await.code), 4000);
        let mut received = [0];
        deflating.read_exact(&mut received).await.unwrap();
        assert_eq!(received, [0x81], "too small to be compressed");
        running.shutdown();
        drop(deflating);
        running.stopped().await;
    }
}

/// A whole server that is stopped when it is dropped.
struct House {
    runtime: Runtime,
    running: Option<Running>,
    peer: Option<TcpStream>,
}

impl Drop for House {
    fn drop(&mut self) {
        let (running, mut peer) = (self.running.take().unwrap(), self.peer.take().unwrap());
        self.runtime.block_on(async {
            // Not a client that needs a thread-local of its own to be random.
            echoed(&mut peer).await;
            running.shutdown();
            let mut goodbye = [0; 4];
            peer.read_exact(&mut goodbye).await.unwrap();
            assert_eq!(goodbye, [0x88, 2, 0x03, 0xE9]);
            drop(peer);
            running.stopped().await;
        });
    }
}

async fn echoed(peer: &mut TcpStream) {
    peer.write_all(&frame(0x81, b"here")).await.unwrap();
    let mut echo = [0; 6];
    peer.read_exact(&mut echo).await.unwrap();
    assert_eq!(&echo, b"\x81\x04here");
}

#[test]
fn a_runtime_that_a_thread_drops_as_it_ends_can_run_a_server_to_its_end() {
    let owner = thread::spawn(|| {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // tokio's own thread-local has to be there before the house, to be there after it.
        runtime.block_on(tokio::task::yield_now());
        HOUSE.with_borrow_mut(|house| {
            let (running, peer) = runtime.block_on(async {
                let running = echo::server().bind().await.unwrap();
                let mut peer = shake_hands(&running).await;
                echoed(&mut peer).await;
                (running, peer)
            });
            *house = Some(House { runtime, running: Some(running), peer: Some(peer) });
        });
    });
    owner.join().unwrap();
}
