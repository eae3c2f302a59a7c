//! Shutdown, whatever stage each connection is in.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite;
use ws_runtime::Running;
use ws_runtime::prelude::*;
use ws_tests::tls::identity;
use ws_tests::{Client, address, open};

#[ws_server(listen = "127.0.0.1:0", silence_max = 0)]
mod stages {
    use super::*;

    #[state]
    pub struct Seen {
        pub diary: mpsc::UnboundedSender<String>,
        /// Waits here, until the test lets it go on or for ever.
        pub gate: Arc<Notify>,
    }

    impl Seen {
        fn note(&self, line: impl Into<String>) {
            let _ = self.diary.send(line.into());
        }

        async fn wait_in(&self, stage: &str, asked: &str) {
            if stage == asked {
                self.note(stage);
                self.gate.notified().await;
            }
        }
    }

    #[session]
    struct Asked(String);

    #[on(handshake)]
    async fn handshake(handshake: &Handshake, seen: &Seen) -> Asked {
        let asked = handshake.path().trim_start_matches('/').to_owned();
        seen.wait_in("handshake", &asked).await;
        Asked(asked)
    }

    #[on(ready)]
    async fn ready(asked: &Asked, seen: &Seen) {
        seen.wait_in("ready", &asked.0).await;
    }

    #[on(utf8)]
    async fn utf8(text: &str, seen: &Seen, server: &Server) -> String {
        if text == "shutdown" {
            server.shutdown();
        }
        seen.wait_in("utf8", text).await;
        format!("handled {text}")
    }

    #[on(disconnect)]
    async fn disconnect(close: &Close, asked: &Asked, seen: &Seen) {
        seen.wait_in("disconnect", &asked.0).await;
        seen.note(format!("disconnected {} by {}", close.code(), close.by()));
    }

    #[on(shutdown)]
    fn shutdown(server: &Server, seen: &Seen) {
        server.shutdown();
        seen.note(format!("shutdown with {}", server.connections().len()));
    }
}

/// A server that runs, what it writes down, and the gate that its handlers wait at.
async fn start(shutdown_timeout: u32) -> (Running, mpsc::UnboundedReceiver<String>, Arc<Notify>) {
    let (diary, lines) = mpsc::unbounded_channel();
    let gate = Arc::new(Notify::new());
    let server = stages::server().state(stages::Seen { diary, gate: Arc::clone(&gate) });
    (server.shutdown_timeout(shutdown_timeout).bind().await.unwrap(), lines, gate)
}

/// All that is still written down, once nobody is left to write.
async fn rest(mut lines: mpsc::UnboundedReceiver<String>) -> Vec<String> {
    let mut rest = Vec::new();
    while let Some(line) = lines.recv().await {
        rest.push(line);
    }
    rest
}

#[tokio::test]
async fn who_has_not_finished_its_request_is_told_503() {
    let (running, lines, _) = start(30).await;
    let mut raw = TcpStream::connect(address(&running)).await.unwrap();
    raw.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgr").await.unwrap();
    let silent = TcpStream::connect(address(&running)).await.unwrap();
    // It is accepted when this one, which came after it, is.
    let other = Client::connect(&running).await;
    running.shutdown();
    let mut answer = String::new();
    raw.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    drop((raw, silent));
    assert_eq!(u16::from(other.closed().await.code), 1001);
    running.stopped().await;
    assert_eq!(rest(lines).await, ["shutdown with 1", "disconnected 1001 by shutdown"]);
}

#[tokio::test]
async fn who_is_in_its_handshake_handler_is_told_503() {
    let (running, mut lines, _gate) = start(30).await;
    let address = address(&running);
    let waiting = tokio::spawn(async move {
        let stream = TcpStream::connect(&address).await.unwrap();
        tokio_tungstenite::client_async(format!("ws://{address}/handshake"), stream).await
    });
    assert_eq!(lines.recv().await.unwrap(), "handshake");
    running.shutdown();
    match waiting.await.unwrap() {
        Err(tungstenite::Error::Http(answer)) => assert_eq!(answer.status().as_u16(), 503),
        other => panic!("{:?}", other.err()),
    }
    running.stopped().await;
    assert_eq!(rest(lines).await, ["shutdown with 0"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_in_its_tls_handshake_holds_nothing_up() {
    let (tls, _) = identity();
    let (diary, _lines) = mpsc::unbounded_channel();
    let state = stages::Seen { diary, gate: Arc::default() };
    let running = stages::server().tls(tls).state(state).bind().await.unwrap();
    let mut raw = TcpStream::connect(address(&running)).await.unwrap();
    raw.write_all(&[22, 3, 1]).await.unwrap();
    // The clock goes on when all is quiet: the server has read it.
    tokio::time::sleep(Duration::from_millis(50)).await;
    running.shutdown();
    tokio::time::timeout(Duration::from_secs(5), running.stopped()).await.unwrap();
}

#[tokio::test]
async fn a_message_in_work_is_finished_and_answered_before_1001() {
    let (running, mut lines, gate) = start(30).await;
    let mut client = Client::connect(&running).await;
    client.send("utf8").await;
    assert_eq!(lines.recv().await.unwrap(), "utf8");
    for text in ["a", "b"] {
        client.send(text).await;
    }
    let mut other = Client::connect(&running).await;
    other.send("shutdown").await;
    assert_eq!(lines.recv().await.unwrap(), "shutdown with 2");
    assert_eq!(other.next().await, tungstenite::Message::text("handled shutdown"));
    assert_eq!(u16::from(other.closed().await.code), 1001);
    assert_eq!(lines.recv().await.unwrap(), "disconnected 1001 by shutdown");
    gate.notify_one();
    for text in ["utf8", "a", "b"] {
        assert_eq!(client.next().await, tungstenite::Message::text(format!("handled {text}")));
    }
    assert_eq!(u16::from(client.closed().await.code), 1001);
    running.stopped().await;
    assert_eq!(rest(lines).await, ["disconnected 1001 by shutdown"]);
}

/// Each stage in which a handler can wait for ever, and what is left of its connection's `disconnect`.
#[tokio::test(start_paused = true)]
async fn who_waits_for_ever_is_cut_after_shutdown_timeout_whatever_it_waits_in() {
    let cut = "disconnected 1006 by shutdown";
    for (stage, end) in [("ready", Some(cut)), ("utf8", Some(cut)), ("disconnect", None)] {
        for seconds in [0, 7] {
            let (running, mut lines, _gate) = start(seconds).await;
            let mut client = open(&running, &format!("/{stage}")).await.unwrap();
            match stage {
                "utf8" => client.send("utf8").await,
                "disconnect" => client.0.close(None).await.unwrap(),
                _ => {}
            }
            assert_eq!(lines.recv().await.unwrap(), stage);
            let begin = Instant::now();
            running.shutdown();
            running.stopped().await;
            let took = begin.elapsed().as_secs();
            assert!(
                (u64::from(seconds)..=u64::from(seconds) + 2).contains(&took),
                "{stage}, {seconds}: {took}"
            );
            let here = if stage == "disconnect" { 0 } else { 1 };
            let mut expected = vec![format!("shutdown with {here}")];
            expected.extend(end.map(str::to_owned));
            assert_eq!(rest(lines).await, expected, "{stage}, {seconds}");
        }
    }
}

#[ws_server(listen = "127.0.0.1:0", shutdown_timeout = 3)]
mod forever {
    use super::*;

    #[state]
    pub struct Began(pub mpsc::UnboundedSender<&'static str>);

    #[tick(period = 1)]
    async fn tick(began: &Began) {
        let _ = began.0.send("tick");
        std::future::pending().await
    }

    #[on(shutdown)]
    async fn shutdown(began: &Began) {
        let _ = began.0.send("shutdown");
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_tick_and_a_shutdown_handler_that_never_end_are_dropped_after_shutdown_timeout() {
    let (began, mut seen) = mpsc::unbounded_channel();
    let running = forever::server().state(forever::Began(began)).bind().await.unwrap();
    let client = Client::connect(&running).await;
    assert_eq!(seen.recv().await, Some("tick"));
    let begin = Instant::now();
    running.shutdown();
    assert_eq!(seen.recv().await, Some("shutdown"));
    drop(client);
    running.stopped().await;
    assert_eq!(begin.elapsed().as_secs(), 3);
    assert_eq!(seen.recv().await, None);
}
