//! What `server.stats()` counts.

use serde::Serialize;
use tokio::io::AsyncWriteExt;
use ws_runtime::prelude::*;
use ws_runtime::stats::Traffic;
use ws_runtime::test::Result;
use ws_runtime::{ClosedBy, Compression, Message};
use ws_tests::stats::until;

#[ws_server]
mod plain {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }

    #[on(binary)]
    fn to_all(data: Bytes, server: &Server) {
        server.broadcast_binary(data);
    }

    #[get("/page")]
    fn page() -> &'static str {
        "a page"
    }
}

#[ws_server]
mod routed {
    use super::*;

    #[push]
    #[derive(Serialize)]
    pub(super) struct Said(String);

    #[route("/one")]
    mod one {
        use super::*;

        #[on("say")]
        fn say(Json(text): Json<String>, server: &Server) -> usize {
            server.broadcast(Said(text))
        }
    }

    #[route("/two/{id}")]
    mod two {
        #[on("nothing")]
        fn nothing() {}
    }

    #[route("/closed")]
    mod closed {
        use super::*;

        #[on(handshake)]
        fn nobody() -> Result<(), Reject> {
            Err(Reject::forbidden())
        }
    }
}

fn only(traffic: Traffic) -> [u64; 6] {
    [traffic.text, traffic.binary, traffic.pings, traffic.pongs, traffic.closes, traffic.bytes]
}

#[tokio::test(start_paused = true)]
async fn messages_are_counted_by_direction_and_kind_with_their_payload() -> Result {
    let server = plain::server().test().await?;
    let mut client = server.connect("/").await?;
    for text in ["", "four", "ünf"] {
        client.send_utf8(text).await?;
        assert_eq!(client.utf8().await?, text);
    }
    client.send_binary(vec![7; 70_000 - 6_000]).await?;
    client.binary().await?;
    client.ping("are you there").await?;
    client.pong().await?;
    client.send_pong("unasked").await?;
    server.server().connections()[0].send(Message::Ping(b"and you".into())).unwrap();
    // The client answers that.
    until(&server, |stats| stats.received.pongs == 2).await;
    client.disconnect(1000, "").await?;
    client.closed().await?;
    let stats = until(&server, |stats| stats.connections == 0).await;
    assert_eq!(only(stats.received), [3, 1, 1, 2, 1, 8 + 64_000]);
    assert_eq!(only(stats.sent), [3, 1, 1, 1, 1, 8 + 64_000]);
    assert_eq!((stats.broadcasts, stats.broadcast_recipients, stats.dropped_messages), (1, 1, 0));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_from_elsewhere_is_counted_once() -> Result {
    let server = plain::server().test().await?;
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(server.connect("/").await?);
    }
    let conn = server.server().connections()[1].clone();
    // By a thread without a runtime.
    std::thread::spawn(move || conn.send_utf8("from a thread").unwrap()).join().unwrap();
    server.server().broadcast_utf8("to all");
    clients[0].send_binary("to all, again").await?;
    assert_eq!(clients[1].utf8().await?, "from a thread");
    for client in &mut clients {
        assert_eq!(client.utf8().await?, "to all");
        client.binary().await?;
    }
    let stats = server.server().stats();
    assert_eq!(only(stats.sent), [4, 3, 0, 0, 0, 13 + 3 * 6 + 3 * 13]);
    assert_eq!(only(stats.received), [0, 1, 0, 0, 0, 13]);
    assert_eq!((stats.broadcasts, stats.broadcast_recipients), (2, 6));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_compressed_message_counts_as_much_as_it_says() -> Result {
    for compression in [Compression::On, Compression::ContextTakeover] {
        let server = plain::server().compression(compression).test().await?;
        let offer = "permessage-deflate";
        let mut client = server.connect("/").header("Sec-WebSocket-Extensions", offer).await?;
        assert!(client.headers().contains_key("sec-websocket-extensions"));
        // The client of the test does not inflate: only what the server counts matters.
        client.send_utf8("a".repeat(1000)).await?;
        let _ = client.next().await;
        let stats = server.server().stats();
        assert_eq!(only(stats.sent)[..2], [1, 0], "{compression:?}");
        assert_eq!(stats.sent.bytes, 1000, "{compression:?}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn connections_and_messages_are_counted_by_route() -> Result {
    let server = routed::server().test().await?;
    let mut one = server.connect("/one").await?;
    let mut two = server.connect("/two/7").await?;
    let mut other = server.connect("/two/8").await?;
    let told: usize = one.call("say", "hello").await?;
    assert_eq!(told, 3);
    for client in [&mut one, &mut two, &mut other] {
        assert_eq!(client.expect::<String>("said").await?, "hello");
    }
    drop(other);
    assert_eq!(server.connect("/closed").await.unwrap_err().status(), 403);
    let stats = until(&server, |stats| stats.connections == 2).await;
    let of = |path: &str| stats.routes.iter().find(|route| route.path.as_deref() == Some(path)).unwrap();
    assert_eq!((of("/one").opened, of("/one").connections), (1, 1));
    assert_eq!((of("/two/{id}").opened, of("/two/{id}").connections), (2, 1));
    assert_eq!((of("/closed").opened, of("/closed").connections), (0, 0));
    assert_eq!((of("/one").received.text, of("/one").sent.text), (1, 2));
    assert_eq!((of("/two/{id}").received.text, of("/two/{id}").sent.text), (0, 2));
    assert_eq!((stats.received.text, stats.sent.text), (1, 4), "the routes together");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn handshakes_and_requests_are_counted_by_their_answers() -> Result {
    let server = plain::server().test().await?;
    let _client = server.connect("/").await?;
    let refused = server.connect("/").origin("https://evil.example").await.unwrap_err();
    assert_eq!(refused.status(), 403);
    assert_eq!(server.get("/page").await?.status(), 200);
    assert_eq!(server.get("/").await?.status(), 426);
    server.open().write_all(b"NONSENSE\r\n\r\n").await.unwrap();
    let stats = until(&server, |stats| stats.handshakes.len() == 3 && stats.requests.len() == 2).await;
    let requests: Vec<_> = stats.requests.iter().map(|one| (one.status, one.count)).collect();
    assert_eq!(requests, [(200, 1), (426, 1)]);
    assert_eq!(stats.handshake_durations.count(), 1, "only what was accepted");
    let handshakes: Vec<_> = stats.handshakes.iter().map(|one| (one.status, one.error, one.count)).collect();
    let expected =
        [(Some(101), None, 1), (Some(400), Some("request_line"), 1), (Some(403), Some("foreign_origin"), 1)];
    assert_eq!(handshakes, expected);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_connection_counts_as_open_until_it_has_ended_and_how_it_ended_is_counted() -> Result {
    let server = plain::server().silence_max(10).test().await?;
    let mut polite = server.connect("/").await?;
    let cut = server.connect("/").await?;
    let mut odd = server.connect("/").await?;
    assert_eq!(server.server().stats().connections, 3);
    server.advance(2).await;
    polite.disconnect(1000, "bye").await?;
    polite.closed().await?;
    drop(cut);
    odd.disconnect(4321, "a code of its own").await?;
    odd.closed().await?;
    let mut ours = server.connect("/").await?;
    server.server().connections().iter().for_each(|conn| conn.disconnect(4000, "enough").unwrap());
    ours.closed().await?;
    let stats = until(&server, |stats| stats.connections == 0).await;
    let mut closed: Vec<_> =
        stats.closed.iter().map(|one| (one.by, one.code, one.durations.count())).collect();
    closed.sort_by_key(|(_, code, _)| *code);
    let expected = [
        // No code of the peer's own choice.
        (ClosedBy::Peer, None, 1),
        (ClosedBy::Peer, Some(1000), 1),
        (ClosedBy::Peer, Some(1006), 1),
        (ClosedBy::Us, Some(4000), 1),
    ];
    assert_eq!(closed, expected);
    let polite = stats.closed.iter().find(|one| one.code == Some(1000)).unwrap();
    assert!((2.0..3.0).contains(&polite.durations.sum), "{polite:?}");
    assert_eq!(stats.routes[0].opened, 4);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn peers_that_are_refused_and_messages_that_are_dropped_are_counted() -> Result {
    let server =
        plain::server().max_connections(1).max_outbox(1024).slow(ws_runtime::Slow::DropNewest).test().await?;
    let mut client = server.connect("/").buffer(64).await?;
    assert_eq!(server.connect("/").await.unwrap_err().status(), 503);
    client.stop_reading();
    let sent = (0..100).filter(|_| server.server().broadcast_utf8("x".repeat(1000)) > 0).count();
    assert!(sent < 100);
    let stats = server.server().stats();
    assert_eq!(stats.dropped_messages, 100 - sent as u64);
    assert_eq!(stats.sent.text, sent as u64);
    let rejected: Vec<_> = stats.rejected.iter().map(|one| (one.reason, one.count)).collect();
    assert_eq!(rejected, [("full", 1)]);
    Ok(())
}

#[test]
fn two_servers_on_the_same_threads_count_for_themselves() {
    // A handler of one waits for the other, on the same thread.
    #[ws_server]
    mod outer {
        use super::*;

        #[state]
        pub(super) struct Inner(pub(super) Server);

        #[on(utf8)]
        fn both(text: &str, inner: &Inner, conn: &Conn) {
            conn.send_utf8("before").unwrap();
            inner.0.broadcast_utf8(text);
            conn.send_utf8("after").unwrap();
        }
    }

    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let done: Result = runtime.block_on(async {
        let inner = plain::server().test().await?;
        let outer = outer::server().state(outer::Inner(inner.server().clone())).test().await?;
        let mut listener = inner.connect("/").await?;
        let mut client = outer.connect("/").await?;
        client.send_utf8("pass it on").await?;
        assert_eq!(listener.utf8().await?, "pass it on");
        assert_eq!((client.utf8().await?, client.utf8().await?), ("before".into(), "after".into()));
        assert_eq!(only(outer.server().stats().received), [1, 0, 0, 0, 0, 10]);
        assert_eq!(only(outer.server().stats().sent), [2, 0, 0, 0, 0, 11]);
        assert_eq!(only(inner.server().stats().received), [0; 6]);
        assert_eq!(only(inner.server().stats().sent), [1, 0, 0, 0, 0, 10]);
        Ok(())
    });
    done.unwrap();
}
