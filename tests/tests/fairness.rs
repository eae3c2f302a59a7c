//! A connection's turn is bounded by all that it costs: a peer that keeps the server at work slows nobody else.

use std::time::Duration;

use flate2::{Compress, FlushCompress};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;
use ws_runtime::prelude::*;
use ws_runtime::{Compression, Running};
use ws_tests::frame::frame;
use ws_tests::raw::{Cut, HANDSHAKE, ask, knock};

#[ws_server(listen = "127.0.0.1:0")]
mod listed {
    use super::*;

    #[state]
    pub struct Seen(pub mpsc::UnboundedSender<usize>);

    #[on(binary)]
    fn binary(seen: &Seen, data: &[u8]) {
        let _ = seen.0.send(data.len());
    }

    #[on(utf8)]
    async fn wait_for_ever(seen: &Seen, _text: &str) {
        let _ = seen.0.send(0);
        std::future::pending().await
    }
}

async fn start() -> (Running, mpsc::UnboundedReceiver<usize>) {
    let (seen, sizes) = mpsc::unbounded_channel();
    let server = listed::server().state(listed::Seen(seen)).compression(Compression::On);
    (server.bind().await.unwrap(), sizes)
}

async fn compressing(running: &Running) -> TcpStream {
    let mut stream = knock(running).await;
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    let request = format!("{}{offer}", HANDSHAKE.strip_suffix("\r\n").unwrap());
    let head = ask(&mut stream, request.as_bytes(), Cut::Whole).await;
    assert!(head.contains("permessage-deflate"), "{head}");
    stream
}

/// So many zeros, as a compressed message.
fn bomb(size: usize) -> Vec<u8> {
    let mut deflated = Vec::with_capacity(size);
    Compress::new(flate2::Compression::best(), false)
        .compress_vec(&vec![0; size], &mut deflated, FlushCompress::Sync)
        .unwrap();
    deflated.truncate(deflated.len() - 4);
    assert!(deflated.len() < 100, "{}", deflated.len());
    frame(0xC2, &deflated)
}

/// Hands all bytes to the kernel before any other task has a turn.
fn write_at_once(stream: &TcpStream, bytes: &[u8]) {
    assert_eq!(stream.try_write(bytes).unwrap(), bytes.len());
}

#[tokio::test(start_paused = true)]
async fn what_messages_inflate_to_counts_against_a_turn() {
    const SIZE: usize = 64 * 1024;
    const BOMBS: usize = 200;
    /// Two of the longest turns: the honest peer's message may arrive in the middle of the first.
    const MOST: usize = 4 * 1024 * 1024 / SIZE;
    let (running, mut sizes) = start().await;
    let (attacker, honest) = (compressing(&running).await, compressing(&running).await);
    // The first is alone: what follows finds the connection waiting for its socket. A paused clock goes on when no task
    // has anything to do.
    write_at_once(&attacker, &bomb(SIZE));
    assert_eq!(sizes.recv().await, Some(SIZE));
    tokio::time::sleep(Duration::from_millis(1)).await;
    write_at_once(&attacker, &bomb(SIZE).repeat(BOMBS));
    write_at_once(&honest, &frame(0x82, b"me too"));
    let mut before = 0;
    while sizes.recv().await.unwrap() == SIZE {
        before += 1;
    }
    assert!(before <= MOST, "{before} of {BOMBS} came first");
    for _ in before..BOMBS {
        assert_eq!(sizes.recv().await, Some(SIZE), "none is lost");
    }
}

/// More frames than a first turn has, and no bytes to come that would begin another.
fn fragments(opcode: u8) -> Vec<u8> {
    let mut fragments = frame(opcode, b"");
    fragments.extend(frame(0x00, b"").repeat(700));
    fragments
}

#[tokio::test(start_paused = true)]
async fn a_ping_behind_many_frames_is_answered_while_a_handler_awaits() {
    let (running, mut sizes) = start().await;
    let mut stream = compressing(&running).await;
    write_at_once(&stream, &frame(0x81, b"wait"));
    assert_eq!(sizes.recv().await, Some(0), "the handler runs");
    // The first ping is found on the way through the fragments, the second in the turn after that one.
    write_at_once(&stream, &[fragments(0x02), frame(0x89, b"1"), frame(0x89, b"2")].concat());
    let mut pongs = [0; 6];
    // The handler never ends. Before the server pings a silent peer, nothing else would come.
    let answered = tokio::time::timeout(Duration::from_secs(5), stream.read_exact(&mut pongs)).await;
    answered.expect("the pings are answered").unwrap();
    assert_eq!(&pongs, b"\x8A\x011\x8A\x012");
}

#[tokio::test(start_paused = true)]
async fn the_peers_close_frame_is_found_behind_many_frames() {
    let (running, _sizes) = start().await;
    let mut stream = compressing(&running).await;
    running.server().connections()[0].disconnect(4000, "").unwrap();
    let mut goodbye = [0; 4];
    stream.read_exact(&mut goodbye).await.unwrap();
    assert_eq!(goodbye, [0x88, 2, 0x0F, 0xA0]);
    let start = Instant::now();
    write_at_once(&stream, &[fragments(0x02), frame(0x80, b""), frame(0x88, b"")].concat());
    assert_eq!(stream.read(&mut goodbye).await.unwrap(), 0);
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "not only after `close_timeout`: {:?}",
        start.elapsed()
    );
}
