//! A handler that never ends holds its session, not its peer's socket.

use std::future;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, sleep, timeout};
use ws_runtime::prelude::*;
use ws_runtime::test::TestServer;
use ws_runtime::{Running, SendError};
use ws_tests::frame::{Sent, close, frame};
use ws_tests::raw::{Reached, shake_hands};

#[ws_server(listen = "127.0.0.1:0", origins = any, max_inbox = 2)]
mod stuck {
    use super::*;

    #[state]
    pub struct Told(pub mpsc::UnboundedSender<Conn>);

    #[on(utf8)]
    async fn wait(text: &str, conn: &Conn, told: &Told) -> &'static str {
        let _ = told.0.send(conn.clone());
        match text {
            "disconnect" => conn.disconnect(4000, "").unwrap(),
            "six seconds" => {
                sleep(Duration::from_secs(6)).await;
                return "too late";
            }
            "three seconds" => {
                sleep(Duration::from_secs(3)).await;
                return "done";
            }
            _ => {}
        }
        future::pending().await
    }
}

async fn start(text: &str) -> (TestServer, DuplexStream, Conn) {
    let (told, mut hung) = mpsc::unbounded_channel();
    let server = stuck::server().state(stuck::Told(told)).test().await.unwrap();
    let (stream, conn) = hang(&server, text, &mut hung).await;
    (server, stream, conn)
}

/// The same over a socket, which can be reset.
async fn start_over_tcp(text: &str) -> (Running, TcpStream, Conn) {
    let (told, mut hung) = mpsc::unbounded_channel();
    let running = stuck::server().state(stuck::Told(told)).bind().await.unwrap();
    let (stream, conn) = hang(&running, text, &mut hung).await;
    (running, stream, conn)
}

async fn hang<S: Reached>(
    server: &S,
    text: &str,
    hung: &mut mpsc::UnboundedReceiver<Conn>,
) -> (S::Stream, Conn) {
    let mut stream = shake_hands(server).await;
    stream.write_all(&frame(0x81, text.as_bytes())).await.unwrap();
    (stream, hung.recv().await.unwrap())
}

/// Waits until the server has given the socket back; tells after how long.
async fn gone(conn: &Conn) -> Duration {
    let start = Instant::now();
    let gone = async {
        while conn.flushed().await != Err(SendError::Gone) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(60), gone).await.expect("the socket is given back");
    start.elapsed()
}

async fn rest(stream: &mut DuplexStream) -> Sent {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    Sent::read(&rest)
}

#[tokio::test(start_paused = true)]
async fn the_peers_close_is_answered() {
    let (_running, mut stream, conn) = start("hang").await;
    let start = Instant::now();
    stream.write_all(&close(1000, b"")).await.unwrap();
    assert_eq!(rest(&mut stream).await.close, Some(1000));
    assert!(start.elapsed() < Duration::from_millis(5100), "close_timeout: {:?}", start.elapsed());
    assert!(gone(&conn).await < Duration::from_millis(1100));
}

#[tokio::test(start_paused = true)]
async fn the_socket_of_a_peer_that_says_goodbye_and_leaves_is_given_back() {
    let (_running, mut stream, conn) = start("hang").await;
    stream.write_all(&close(1000, b"")).await.unwrap();
    drop(stream);
    assert!(gone(&conn).await < Duration::from_millis(5100));
}

#[tokio::test(start_paused = true)]
async fn the_socket_of_a_peer_that_leaves_without_a_word_is_given_back() {
    let (_running, mut stream, conn) = start("hang").await;
    stream.shutdown().await.unwrap();
    assert!(gone(&conn).await < Duration::from_millis(6200));
}

#[tokio::test(start_paused = true)]
async fn the_socket_of_a_peer_that_resets_is_given_back_at_once() {
    let (_running, stream, conn) = start_over_tcp("hang").await;
    stream.set_zero_linger().unwrap();
    drop(stream);
    assert!(gone(&conn).await < Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn so_is_that_of_one_whose_inbox_is_full() {
    let (_running, mut stream, conn) = start_over_tcp("hang").await;
    stream.write_all(&[frame(0x81, b"1"), frame(0x81, b"2"), frame(0x81, b"3")].concat()).await.unwrap();
    sleep(Duration::from_millis(10)).await;
    stream.set_zero_linger().unwrap();
    drop(stream);
    assert!(gone(&conn).await < Duration::from_secs(31), "the second ping fails at the latest");
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_disconnects_and_hangs_holds_no_socket() {
    let (_running, mut stream, conn) = start("disconnect").await;
    stream.write_all(&close(4000, b"")).await.unwrap();
    assert_eq!(rest(&mut stream).await.close, Some(4000));
    assert!(gone(&conn).await < Duration::from_millis(1100));
    let (_running, _stream, conn) = start("disconnect").await;
    assert!(gone(&conn).await < Duration::from_millis(6200), "the peer never answers");
}

#[tokio::test(start_paused = true)]
async fn what_the_peer_sent_before_its_close_is_handled_even_if_that_is_answered_first() {
    let (told, mut called) = mpsc::unbounded_channel();
    let server = stuck::server().state(stuck::Told(told)).test().await.unwrap();
    let mut stream = shake_hands(&server).await;
    let text = frame(0x81, b"six seconds");
    stream.write_all(&[&text[..], &text, &close(1000, b"")].concat()).await.unwrap();
    let sent = rest(&mut stream).await;
    assert_eq!((sent.messages.len(), sent.close), (0, Some(1000)), "answered after close_timeout");
    for _ in 0..2 {
        timeout(Duration::from_secs(20), called.recv()).await.expect("it is handled").unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_within_close_timeout_still_arrives() {
    let (_running, mut stream, _conn) = start("three seconds").await;
    let messages = [frame(0x81, b"three seconds"), close(1000, b"")].concat();
    stream.write_all(&messages).await.unwrap();
    let sent = rest(&mut stream).await;
    assert_eq!((sent.messages.len(), sent.close), (2, Some(1000)), "each handler has that time");
}
