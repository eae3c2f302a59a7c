//! What the log tells of a start, and of connections that do not become WebSockets. Each test has a log of its own: all of it runs on
//! one thread.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tracing::Level;
use ws_runtime::Reject;
use ws_runtime::prelude::*;
use ws_runtime::test::TestServer;
use ws_tests::log::Log;
use ws_tests::raw::{self, Cut, HANDSHAKE, knock, shake_hands};

/// How long a line may take. It fails a test that hangs; it measures nothing.
const PATIENCE: Duration = Duration::from_secs(20);

#[ws_server(listen = "127.0.0.1:0")]
mod site {
    use super::*;

    #[on(connect)]
    fn declared_connect(conn: &Conn) {
        conn.on_handshake(|_, handshake| match handshake.path() {
            "/panic" => panic!("it is full"),
            "/mistake" => Err(Reject::forbidden().header("Connection", "keep-alive")),
            _ => Ok(()),
        });
    }

    #[on(handshake)]
    fn declared_handshake(handshake: &Handshake) {
        assert!(handshake.path() != "/declared", "it is the declared one");
    }

    #[on(request)]
    fn page() -> Vec<u8> {
        vec![b'x'; 16 << 20]
    }
}

#[ws_server(silence_max = 10)]
mod with_routes {
    use super::*;

    #[route("/small", max_recv_size = 10)]
    mod small {}

    #[route("/silent", silence_max = Duration::from_secs(60))]
    mod silent {
        use super::*;
    }

    #[route("/few", max_streams = 1)]
    mod few {
        #[route("/inner", max_recv_size = 50)]
        mod inner {}
    }
}

/// Waits for a line with all of these words.
async fn logged(log: &Log, words: &[&str]) -> String {
    let start = std::time::Instant::now();
    while start.elapsed() < PATIENCE {
        let text = log.text();
        if let Some(line) = text.lines().find(|line| words.iter().all(|word| line.contains(word))) {
            return line.to_owned();
        }
        tokio::task::yield_now().await;
    }
    panic!("no line has {words:?}: {}", log.text())
}

/// The head of the answer to a handshake.
async fn answer(server: &TestServer) -> String {
    raw::ask(&mut knock(server).await, HANDSHAKE.as_bytes(), Cut::Whole).await
}

/// Sends a request, and reads until the server has ended the connection.
async fn ask(server: &TestServer, path: &str) -> Vec<u8> {
    let mut stream = knock(server).await;
    stream.write_all(HANDSHAKE.replace("GET / ", &format!("GET {path} ")).as_bytes()).await.unwrap();
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received).await;
    received
}

#[tokio::test(start_paused = true)]
async fn a_replaced_handler_that_fails_is_named_as_the_method_that_set_it() {
    let (log, _logged) = Log::keep(Level::DEBUG);
    let server = site::server().test().await.unwrap();
    ask(&server, "/declared").await;
    logged(&log, &["ERROR", "handler=\"declared_handshake\"", "it is the declared one"]).await;
    assert!(ask(&server, "/panic").await.starts_with(b"HTTP/1.1 500 "));
    logged(&log, &["ERROR", "handler=\"on_handshake\"", "it is full"]).await;
    assert!(ask(&server, "/mistake").await.starts_with(b"HTTP/1.1 500 "));
    logged(&log, &["ERROR", "handler=\"on_handshake\"", "`connection` is the server's own"]).await;

    server.server().on_connect(|_| Err::<(), _>("it is closed"));
    assert_eq!(ask(&server, "/").await, b"");
    logged(&log, &["ERROR", "handler=\"on_connect\"", "it is closed"]).await;
    server.server().on_connect(|_| assert!(std::hint::black_box(false), "it is broken"));
    assert_eq!(ask(&server, "/").await, b"");
    logged(&log, &["ERROR", "handler=\"on_connect\"", "it is broken"]).await;
}

#[tokio::test(start_paused = true)]
async fn an_evicted_connection_is_logged_with_the_option_that_was_reached() {
    let (log, _logged) = Log::keep(Level::DEBUG);
    let server = site::server().max_handshakes(1).test().await.unwrap();
    let mut stalled = knock(&server).await;
    stalled.write_all(b"GET ").await.unwrap();
    let _inside = shake_hands(&server).await;
    logged(&log, &["DEBUG", "refused: max_handshakes (1) reached, this one was stalled"]).await;

    let server = site::server().max_connections(1).test().await.unwrap();
    let mut stalled = knock(&server).await;
    stalled.write_all(b"GET ").await.unwrap();
    server.advance(0.25).await;
    assert!(answer(&server).await.starts_with("HTTP/1.1 101 "));
    logged(&log, &["DEBUG", "refused: max_connections (1) reached, this one was stalled"]).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_cut_is_not_logged_as_if_it_had_arrived() {
    let (log, _logged) = Log::keep(Level::DEBUG);
    let running = site::server().bind().await.unwrap();
    let mut stream = knock(&running).await;
    let start = tokio::time::Instant::now();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(10_500)).await;
    let line = logged(&log, &["DEBUG", "200 OK", "cut", "write_timeout (10 s)"]).await;
    assert!(line.contains(" of 167773"), "the bytes that were sent, of how many: {line}");
    assert_eq!(start.elapsed().as_millis() / 100, 105);

    // A clock that stands still would jump while both sides wait for the kernel.
    tokio::time::resume();
    let mut stream = knock(&running).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.unwrap();
    assert!(received.len() > 16 << 20);
    logged(&log, &["DEBUG", "answered with 200 OK"]).await;
}

#[tokio::test(start_paused = true)]
async fn the_log_at_start_names_the_options_of_routes() {
    let (log, _logged) = Log::keep(Level::DEBUG);
    let _server = with_routes::server().test().await.unwrap();
    let text = log.text();
    for line in [
        "silence_max = 10 (from `#[ws_server(…)]`)",
        "max_recv_size = 10 (from `#[route(\"/small\")]`)",
        "silence_max = 60 (from `#[route(\"/silent\")]`)",
        "max_streams = 1 (from `#[route(\"/few\")]`)",
        "max_recv_size = 50 (from `#[route(\"/few/inner\")]`)",
    ] {
        assert_eq!(text.matches(line).count(), 1, "{line} in {text}");
    }
}
