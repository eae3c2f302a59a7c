//! A handler that panics or fails, of each kind, before and after it awaits: what its peer, its `disconnect` and
//! everybody else notice of it.

use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Bytes as Data, Message};
use ws_runtime::prelude::*;
use ws_runtime::{ClosedBy, Running};
use ws_tests::{Client, open};

/// What `disconnect` was told, for the test to read.
type Ends = mpsc::UnboundedSender<(u16, ClosedBy)>;

/// Ends a handler as a text asks for: `panic` or `fail`, at once or after an `.await`.
async fn end_as(asked: &str) -> Result<(), String> {
    if asked.ends_with("later") {
        tokio::task::yield_now().await;
    }
    match asked.split(' ').next() {
        Some("panic") => panic!("as asked"),
        Some("fail") => Err("as asked".to_owned()),
        _ => Ok(()),
    }
}

#[ws_server(listen = "127.0.0.1:0")]
mod fragile {
    use super::*;

    #[state]
    pub struct Told(pub Ends);

    #[session]
    struct Asked(String);

    #[on(handshake)]
    async fn handshake(handshake: &Handshake) -> Result<Asked, Reject> {
        let here = handshake.query_param("handshake").unwrap_or_default();
        end_as(&here).await.map_err(|_| Reject::forbidden())?;
        Ok(Asked(handshake.query_param("ready").unwrap_or_default()))
    }

    #[on(ready)]
    async fn ready(asked: &Asked) -> Result<(), String> {
        end_as(&asked.0).await
    }

    #[on(utf8)]
    async fn utf8(text: &str, conn: &Conn) -> Result<(), String> {
        match text.strip_prefix("replaced ") {
            Some(event) => {
                match event {
                    "utf8" => conn.on_utf8(|_, _| -> () { panic!("as asked") }),
                    "binary" => conn.on_binary(|_, _| -> () { panic!("as asked") }),
                    _ => conn.on_pong(|_, _| -> () { panic!("as asked") }),
                }
                conn.send_utf8("done").map_err(|error| error.to_string())
            }
            None => end_as(text).await,
        }
    }

    #[on(binary)]
    async fn binary(data: &[u8]) -> Result<(), String> {
        end_as(&String::from_utf8_lossy(data)).await
    }

    #[on(pong)]
    async fn pong(data: &[u8]) -> Result<(), String> {
        end_as(&String::from_utf8_lossy(data)).await
    }

    #[on(disconnect)]
    async fn disconnect(close: &Close, _asked: Asked, told: &Told) -> Result<(), String> {
        let _ = told.0.send((close.code(), close.by()));
        end_as(close.reason()).await
    }
}

const ENDINGS: [&str; 4] = ["panic", "panic later", "fail", "fail later"];

async fn start() -> (Running, mpsc::UnboundedReceiver<(u16, ClosedBy)>) {
    let (told, ends) = mpsc::unbounded_channel();
    (fragile::server().state(fragile::Told(told)).bind().await.unwrap(), ends)
}

/// Stops the server, and sees that nobody's `disconnect` ran once more.
async fn stop(running: Running, mut ends: mpsc::UnboundedReceiver<(u16, ClosedBy)>) {
    running.shutdown();
    running.stopped().await;
    assert_eq!(ends.recv().await, None, "`disconnect` runs once");
}

#[tokio::test]
async fn a_message_handler_that_ends_badly_ends_its_connection_and_no_other() {
    for ending in ENDINGS {
        for message in [
            Message::text(ending),
            Message::binary(ending),
            Message::Pong(Data::from_static(ending.as_bytes())),
        ] {
            let (running, mut ends) = start().await;
            let mut other = Client::connect(&running).await;
            let mut client = Client::connect(&running).await;
            client.send(message.clone()).await;
            assert_eq!(u16::from(client.closed().await.code), 1011, "{message:?}");
            assert_eq!(ends.recv().await, Some((1011, ClosedBy::Error)), "{message:?}");
            assert_eq!(running.server().connections().len(), 1, "{message:?}");
            other.0.close(None).await.unwrap();
            drop(other);
            assert_eq!(ends.recv().await, Some((1005, ClosedBy::Peer)), "{message:?}");
            stop(running, ends).await;
        }
    }
}

#[tokio::test]
async fn a_ready_handler_that_ends_badly_ends_its_connection() {
    for ending in ENDINGS {
        let (running, mut ends) = start().await;
        let client = open(&running, &format!("/?ready={}", ending.replace(' ', "+"))).await.unwrap();
        assert_eq!(u16::from(client.closed().await.code), 1011, "{ending}");
        assert_eq!(ends.recv().await, Some((1011, ClosedBy::Error)), "{ending}");
        stop(running, ends).await;
    }
}

#[tokio::test]
async fn a_handshake_handler_that_ends_badly_refuses_its_peer_and_needs_no_disconnect() {
    for (ending, status) in [("panic", 500), ("panic+later", 500), ("fail", 403), ("fail+later", 403)] {
        let (running, ends) = start().await;
        match open(&running, &format!("/?handshake={ending}")).await {
            Err(tungstenite::Error::Http(answer)) => assert_eq!(answer.status().as_u16(), status, "{ending}"),
            other => panic!("{ending}: {:?}", other.err()),
        }
        stop(running, ends).await;
    }
}

#[tokio::test]
async fn a_disconnect_handler_that_ends_badly_has_run_all_the_same() {
    for ending in ENDINGS {
        let (running, mut ends) = start().await;
        let mut client = Client::connect(&running).await;
        let frame = CloseFrame { code: CloseCode::Normal, reason: ending.into() };
        client.0.close(Some(frame.clone())).await.unwrap();
        assert_eq!(client.closed().await, frame, "{ending}");
        assert_eq!(ends.recv().await, Some((1000, ClosedBy::Peer)), "{ending}");
        stop(running, ends).await;
    }
}

#[tokio::test]
async fn a_replaced_handler_that_panics_ends_its_connection() {
    for (event, message) in
        [("utf8", Message::text("")), ("binary", Message::binary("")), ("pong", Message::Pong(Data::new()))]
    {
        let (running, mut ends) = start().await;
        let mut client = Client::connect(&running).await;
        client.send(format!("replaced {event}")).await;
        assert_eq!(client.text().await, "done");
        client.send(message).await;
        assert_eq!(u16::from(client.closed().await.code), 1011, "{event}");
        assert_eq!(ends.recv().await, Some((1011, ClosedBy::Error)), "{event}");
        stop(running, ends).await;
    }
}

#[ws_server(listen = "127.0.0.1:0")]
mod brittle {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Porcelain;

    impl Drop for Porcelain {
        fn drop(&mut self) {
            panic!("it broke");
        }
    }

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

#[tokio::test]
async fn a_session_that_panics_when_it_is_dropped_spoils_no_goodbye() {
    let running = brittle::server().bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    client.send("whole").await;
    assert_eq!(client.text().await, "whole");
    running.server().connections()[0].disconnect(4242, "until next time").unwrap();
    let frame = client.closed().await;
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4242, "until next time"));
    running.server().shutdown();
    running.stopped().await;
}
