//! A handler that panics or fails, of each kind, before and after it awaits: what its peer, its `disconnect` and
//! everybody else notice of it.

use tokio::sync::mpsc;
use ws_runtime::ClosedBy;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestClient, TestServer};

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

#[ws_server]
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

fn cause(ending: &str) -> ClosedBy {
    if ending.starts_with("panic") { ClosedBy::Panic } else { ClosedBy::Failed }
}

async fn start() -> Result<(TestServer, mpsc::UnboundedReceiver<(u16, ClosedBy)>)> {
    let (told, ends) = mpsc::unbounded_channel();
    Ok((fragile::server().state(fragile::Told(told)).test().await?, ends))
}

/// Sends a message for the handler of an event.
async fn send(client: &mut TestClient, event: &str, payload: &'static str) -> Result {
    match event {
        "utf8" => client.send_utf8(payload).await?,
        "binary" => client.send_binary(payload).await?,
        _ => client.send_pong(payload).await?,
    }
    Ok(())
}

/// Stops the server, and sees that nobody's `disconnect` ran once more.
async fn stop(server: TestServer, mut ends: mpsc::UnboundedReceiver<(u16, ClosedBy)>) {
    server.stop().await;
    assert_eq!(ends.recv().await, None, "`disconnect` runs once");
}

#[tokio::test(start_paused = true)]
async fn a_message_handler_that_ends_badly_ends_its_connection_and_no_other() -> Result {
    for ending in ENDINGS {
        for event in ["utf8", "binary", "pong"] {
            let (server, mut ends) = start().await?;
            let mut other = server.connect("/").await?;
            let mut client = server.connect("/").await?;
            send(&mut client, event, ending).await?;
            assert_eq!(client.closed().await?.code, 1011, "{event} {ending}");
            assert_eq!(ends.recv().await, Some((1011, cause(ending))), "{event} {ending}");
            assert_eq!(server.server().connections().len(), 1, "{event} {ending}");
            other.disconnect(1005, "").await?;
            assert_eq!(ends.recv().await, Some((1005, ClosedBy::Peer)), "{event} {ending}");
            stop(server, ends).await;
        }
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_ready_handler_that_ends_badly_ends_its_connection() -> Result {
    for ending in ENDINGS {
        let (server, mut ends) = start().await?;
        let mut client = server.connect(format!("/?ready={}", ending.replace(' ', "+"))).await?;
        assert_eq!(client.closed().await?.code, 1011, "{ending}");
        assert_eq!(ends.recv().await, Some((1011, cause(ending))), "{ending}");
        stop(server, ends).await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_handshake_handler_that_ends_badly_refuses_its_peer_and_needs_no_disconnect() -> Result {
    for (ending, status) in [("panic", 500), ("panic+later", 500), ("fail", 403), ("fail+later", 403)] {
        let (server, ends) = start().await?;
        let refusal = server.connect(format!("/?handshake={ending}")).await.unwrap_err();
        assert_eq!(refusal.status(), status, "{ending}");
        stop(server, ends).await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_handler_that_ends_badly_has_run_all_the_same() -> Result {
    for ending in ENDINGS {
        let (server, mut ends) = start().await?;
        let mut client = server.connect("/").await?;
        client.disconnect(1000, ending).await?;
        let frame = client.closed().await?;
        assert_eq!((frame.code, frame.reason.as_str()), (1000, ending));
        assert_eq!(ends.recv().await, Some((1000, ClosedBy::Peer)), "{ending}");
        stop(server, ends).await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_replaced_handler_that_panics_ends_its_connection() -> Result {
    for event in ["utf8", "binary", "pong"] {
        let (server, mut ends) = start().await?;
        let mut client = server.connect("/").await?;
        client.send_utf8(format!("replaced {event}")).await?;
        assert_eq!(client.utf8().await?, "done");
        send(&mut client, event, "").await?;
        assert_eq!(client.closed().await?.code, 1011, "{event}");
        assert_eq!(ends.recv().await, Some((1011, ClosedBy::Panic)), "{event}");
        stop(server, ends).await;
    }
    Ok(())
}

#[ws_server]
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

#[tokio::test(start_paused = true)]
async fn a_session_that_panics_when_it_is_dropped_spoils_no_goodbye() -> Result {
    let server = brittle::server().test().await?;
    let mut client = server.connect("/").await?;
    client.send_utf8("whole").await?;
    assert_eq!(client.utf8().await?, "whole");
    server.server().connections()[0].disconnect(4242, "until next time").unwrap();
    let frame = client.closed().await?;
    assert_eq!((frame.code, frame.reason.as_str()), (4242, "until next time"));
    server.stop().await;
    Ok(())
}
