//! What a user lends the crate to send (`Bytes::from_owner`) is given back by the user's own `Drop`, which may do
//! whatever user code may: send to the same connection, broadcast, panic.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use ws_runtime::prelude::*;
use ws_runtime::{Compression, SendError};
use ws_tests::Client;
use ws_tests::frame::frame;
use ws_tests::raw::{Cut, HANDSHAKE, ask, knock};

/// As large as is shared instead of being copied.
const LARGE: usize = 8 * 1024;

#[ws_server(listen = "127.0.0.1:0", origins = any, max_send_size = 100_000_000, max_outbox = 10_000_000)]
mod lender {
    use super::*;

    #[state]
    pub struct Given {
        pub back: Arc<Semaphore>,
        pub compression: Compression,
    }

    #[on(connect)]
    fn connect(conn: &Conn, given: &Given) {
        conn.set_compression(given.compression).unwrap();
    }

    #[on(utf8)]
    fn utf8(text: &str, conn: &Conn, given: &Given) -> Option<Bytes> {
        // Elsewhere it is dropped within the handler.
        let panics = matches!(text, "send" | "reply" | "cut");
        let (conn_, back) = (conn.clone(), given.back.clone());
        let lent = move |size| {
            Bytes::from_owner(Lent { data: noise(size), conn: conn_.clone(), back: back.clone(), panics })
        };
        match text {
            "small" => conn.send_binary(lent(100)).unwrap(),
            "send" => conn.send_binary(lent(LARGE)).unwrap(),
            "reply" => return Some(lent(LARGE)),
            "refused" => {
                conn.set_max_send_size(1).unwrap();
                assert!(matches!(conn.send_binary(lent(LARGE)), Err(SendError::TooLarge { .. })));
                conn.set_max_send_size(LARGE).unwrap();
            }
            // More than the kernel takes, so that some is queued.
            "cut" => {
                conn.send_binary(lent(50_000_000)).unwrap();
                conn.send_binary(lent(LARGE)).unwrap();
                conn.server().disconnect(conn);
            }
            "too much" => {
                conn.send_binary(lent(50_000_000)).unwrap();
                assert!(matches!(conn.send_binary(lent(LARGE)), Err(SendError::Slow { .. })));
            }
            "close" => {
                conn.disconnect(1000, "").unwrap();
                assert!(matches!(conn.send_binary(lent(LARGE)), Err(SendError::Gone)));
            }
            other => panic!("{other}"),
        }
        None
    }
}

/// What cannot be compressed, or is too large for it.
fn noise(size: usize) -> Vec<u8> {
    if size > 10 * LARGE {
        return vec![7; size];
    }
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(size).collect()
}

struct Lent {
    data: Vec<u8>,
    conn: Conn,
    back: Arc<Semaphore>,
    panics: bool,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // It may be gone.
        let _ = self.conn.send_binary(noise(200));
        let _ = self.conn.send_utf8("back");
        self.conn.server().broadcast_utf8("to all");
        assert!(self.conn.server().connections().len() <= 2);
        self.back.add_permits(1);
        if self.panics {
            panic!("as asked");
        }
    }
}

/// Runs on a thread of its own, as a lock that is taken twice would hang the test.
fn in_time(test: impl Future<Output = ()> + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async { tokio::spawn(test).await.unwrap() });
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(30)).expect("nothing hangs, nothing fails");
}

/// How it is asked for, and how many are lent.
const WAYS: [(&str, u32); 7] =
    [("small", 1), ("send", 1), ("reply", 1), ("refused", 1), ("cut", 2), ("too much", 2), ("close", 1)];

async fn lend(way: &'static str, count: u32, compression: Compression) {
    let back = Arc::new(Semaphore::new(0));
    let running =
        lender::server().state(lender::Given { back: back.clone(), compression }).bind().await.unwrap();
    let mut bystander = Client::connect(&running).await;
    let offer = HANDSHAKE.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    let mut peer: TcpStream = knock(&running).await;
    ask(&mut peer, offer.as_bytes(), Cut::Whole).await;
    peer.write_all(&frame(0x81, way.as_bytes())).await.unwrap();
    let _all = back.acquire_many(count).await.unwrap();
    for _ in 0..count {
        assert_eq!(bystander.next().await, Message::text("to all"), "{way}");
    }
    if count == 1 && way != "close" {
        // It goes on.
        peer.write_all(&frame(0x89, b"ping")).await.unwrap();
        let mut heard = Vec::new();
        while !heard.ends_with(b"\x8A\x04ping") {
            assert!(peer.read_buf(&mut heard).await.unwrap() > 0, "{way}");
        }
    }
    drop((peer, bystander));
    running.shutdown();
    running.stopped().await;
}

#[test]
fn what_was_lent_is_given_back_where_its_owner_may_send() {
    for (way, count) in WAYS {
        in_time(lend(way, count, Compression::Off));
    }
}

#[test]
fn what_was_lent_and_not_worth_compressing_is_given_back_where_its_owner_may_send() {
    for (way, count) in WAYS.into_iter().filter(|(_, count)| *count == 1) {
        in_time(lend(way, count, Compression::ContextTakeover));
    }
}
