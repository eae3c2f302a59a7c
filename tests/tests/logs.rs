//! The log: what it tells, and what it must never tell. One test, as a process has one log.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tracing::Level;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};
use ws_tests::log::Log;

#[ws_server(subprotocols = ["chat"])]
mod discreet {
    use super::*;

    #[on(handshake)]
    fn admit(handshake: &Handshake) -> Result<(), Reject> {
        match handshake.path() {
            "/closed" => Err(Reject::forbidden()),
            "/wrong" => Err(Reject::forbidden().header("Connection", "keep-alive")),
            _ => Ok(()),
        }
    }

    #[on(shutdown)]
    fn last_words() {}

    #[on(utf8)]
    fn quote(text: &str) -> Result<String, String> {
        match text.strip_prefix("fail ") {
            Some(rest) => Err(format!("no such thing: {rest}")),
            None => Ok(text.to_owned()),
        }
    }
}

/// Sends a request, and reads until the server has ended the connection.
async fn ask(server: &TestServer, target: &str, headers: &str, then: &[u8]) {
    let mut stream = server.open();
    let head = format!(
        "GET {target} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    if !then.is_empty() {
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 101");
        stream.write_all(then).await.unwrap();
    }
    stream.shutdown().await.unwrap();
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

#[tokio::test(start_paused = true)]
async fn the_log_names_the_handler_keeps_secrets_and_is_not_flooded_by_bad_peers() -> Result {
    let log = Log::default();
    tracing_subscriber::fmt().with_max_level(Level::DEBUG).with_ansi(false).with_writer(log.clone()).init();
    let server = discreet::server().test().await?;
    let start = log.take();
    assert!(start.contains("listening on memory") && start.contains("subprotocols = chat"), "{start}");

    let secrets = "Cookie: id=SECRET\r\nAuthorization: Bearer SECRET\r\nSec-WebSocket-Protocol: SECRET\r\n";
    ask(&server, "/?token=SECRET", secrets, &[0x88, 0x80, 0, 0, 0, 0]).await;
    ask(&server, "/closed?token=SECRET", secrets, b"").await;
    let mut client = server.connect("/").await?;
    client.send_utf8("SECRET").await?;
    assert_eq!(client.utf8().await?, "SECRET");
    client.send_utf8("fail \u{1b}[2J\r\nERROR forged\u{202e}").await?;
    assert_eq!(client.closed().await?.code, 1011);
    let told = log.take();
    assert!(!told.contains("SECRET"), "{told}");
    let errors: Vec<_> = told.lines().filter(|line| line.contains("ERROR")).collect();
    assert_eq!(errors.len(), 1, "{told}");
    assert!(errors[0].contains("handler=\"quote\"") && errors[0].contains("no such thing"), "{told}");
    for event in ["connected", "disconnected", "not connected"] {
        assert!(told.lines().any(|line| line.contains("DEBUG") && line.contains(event)), "{event}: {told}");
    }
    assert!(!told.contains(|character: char| character.is_control() && character != '\n'), "{told:?}");
    assert!(!told.contains('\u{202e}'), "{told:?}");

    ask(&server, "/wrong", "", b"").await;
    let told = log.take();
    let error = told.lines().find(|line| line.contains("ERROR")).expect("it is logged");
    assert!(
        error.contains("handler=\"admit\"") && error.contains("`connection` is the server's own"),
        "{error}"
    );

    for _ in 0..200 {
        ask(&server, "/", "Origin: https://evil.example\r\n", b"").await;
        ask(&server, "/\u{1b}[2J", "", b"").await;
        ask(&server, "/closed", "", b"").await;
        ask(&server, "/", "Sec-WebSocket-Protocol: a,a\r\n", b"").await;
        ask(&server, "/", "", &[0x81, 0x01, b'x']).await; // not masked
        ask(&server, "/", "", &[0x81, 0x80]).await; // half a header
    }
    let told = log.take();
    let loud: Vec<_> = told.lines().filter(|line| !line.contains("DEBUG")).collect();
    assert_eq!(loud.len(), 1, "{loud:?}");
    assert!(loud[0].contains("WARN") && loud[0].contains("https://evil.example"), "{loud:?}");
    assert!(!told.contains(|character: char| character.is_control() && character != '\n'), "{told:?}");
    assert!(told.lines().all(|line| line.len() < 400), "{told}");

    server.server().on_shutdown(|_| Err::<(), _>("no last words"));
    server.stop().await;
    let told = log.take();
    let error = told.lines().find(|line| line.contains("no last words")).expect("it is logged");
    assert!(error.contains("handler=\"on_shutdown\""), "{error}");
    Ok(())
}
