//! Shutdown, whatever stage each connection is in.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};
use ws_tests::address;
use ws_tests::tls::identity;

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
async fn start(shutdown_timeout: u32) -> Result<(TestServer, mpsc::UnboundedReceiver<String>, Arc<Notify>)> {
    let (diary, lines) = mpsc::unbounded_channel();
    let gate = Arc::new(Notify::new());
    let server = stages::server().state(stages::Seen { diary, gate: Arc::clone(&gate) });
    Ok((server.shutdown_timeout(shutdown_timeout).test().await?, lines, gate))
}

/// All that is still written down, once nobody is left to write.
async fn rest(mut lines: mpsc::UnboundedReceiver<String>) -> Vec<String> {
    let mut rest = Vec::new();
    while let Some(line) = lines.recv().await {
        rest.push(line);
    }
    rest
}

#[tokio::test(start_paused = true)]
async fn who_has_not_finished_its_request_is_told_503() -> Result {
    let (server, lines, _) = start(30).await?;
    let mut raw = server.open();
    raw.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgr").await.unwrap();
    let silent = server.open();
    // It is accepted when this one, which came after it, is.
    let mut other = server.connect("/").await?;
    server.server().shutdown();
    let mut answer = String::new();
    raw.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    drop((raw, silent));
    assert_eq!(other.closed().await?.code, 1001);
    server.stop().await;
    assert_eq!(rest(lines).await, ["shutdown with 1", "disconnected 1001 by shutdown"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_is_in_its_handshake_handler_is_told_503() -> Result {
    let (server, mut lines, _gate) = start(30).await?;
    let shut_down = async {
        assert_eq!(lines.recv().await.unwrap(), "handshake");
        server.server().shutdown();
    };
    let (connected, ()) = tokio::join!(server.connect("/handshake").into_future(), shut_down);
    assert_eq!(connected.unwrap_err().status(), 503);
    server.stop().await;
    assert_eq!(rest(lines).await, ["shutdown with 0"]);
    Ok(())
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

#[tokio::test(start_paused = true)]
async fn a_message_in_work_is_finished_and_answered_before_1001() -> Result {
    let (server, mut lines, gate) = start(30).await?;
    let mut client = server.connect("/").await?;
    client.send_utf8("utf8").await?;
    assert_eq!(lines.recv().await.unwrap(), "utf8");
    for text in ["a", "b"] {
        client.send_utf8(text).await?;
    }
    let mut other = server.connect("/").await?;
    other.send_utf8("shutdown").await?;
    assert_eq!(lines.recv().await.unwrap(), "shutdown with 2");
    assert_eq!(other.utf8().await?, "handled shutdown");
    assert_eq!(other.closed().await?.code, 1001);
    assert_eq!(lines.recv().await.unwrap(), "disconnected 1001 by shutdown");
    gate.notify_one();
    for text in ["utf8", "a", "b"] {
        assert_eq!(client.utf8().await?, format!("handled {text}"));
    }
    assert_eq!(client.closed().await?.code, 1001);
    server.stop().await;
    assert_eq!(rest(lines).await, ["disconnected 1001 by shutdown"]);
    Ok(())
}

/// Each stage in which a handler can wait for ever, and what is left of its connection's `disconnect`.
#[tokio::test(start_paused = true)]
async fn who_waits_for_ever_is_cut_after_shutdown_timeout_whatever_it_waits_in() -> Result {
    let cut = "disconnected 1006 by shutdown";
    for (stage, end) in [("ready", Some(cut)), ("utf8", Some(cut)), ("disconnect", None)] {
        for seconds in [0, 7] {
            let (server, mut lines, _gate) = start(seconds).await?;
            let mut client = server.connect(format!("/{stage}")).await?;
            match stage {
                "utf8" => client.send_utf8("utf8").await?,
                "disconnect" => client.disconnect(1000, "").await?,
                _ => {}
            }
            assert_eq!(lines.recv().await.unwrap(), stage);
            let begin = Instant::now();
            server.stop().await;
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
    Ok(())
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
async fn a_tick_and_a_shutdown_handler_that_never_end_are_dropped_after_shutdown_timeout() -> Result {
    let (began, mut seen) = mpsc::unbounded_channel();
    let server = forever::server().state(forever::Began(began)).test().await?;
    let client = server.connect("/").await?;
    assert_eq!(seen.recv().await, Some("tick"));
    let begin = Instant::now();
    server.server().shutdown();
    assert_eq!(seen.recv().await, Some("shutdown"));
    drop(client);
    server.stop().await;
    assert_eq!(begin.elapsed().as_secs(), 3);
    assert_eq!(seen.recv().await, None);
    Ok(())
}
