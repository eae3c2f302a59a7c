//! What a peer misses that reads too slowly, by the option `slow`, and what it never misses.

use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc;
use ws_runtime::prelude::*;
use ws_runtime::test::{Error, Result, TestClient};
use ws_runtime::{Compression, SendError, SetError};

#[ws_server(origins = any)]
mod prices {
    use super::*;

    #[push(answer = u32)]
    #[derive(Serialize)]
    pub struct Sure {
        pub number: u32,
    }

    #[on("echo")]
    fn echo(Json(text): Json<String>) -> String {
        text
    }

    #[on(utf8)]
    fn plain(text: &str) -> &str {
        text
    }
}

/// All that waits for a client: texts, from the first to the one that says so.
async fn until(client: &mut TestClient, last: &str) -> std::result::Result<Vec<String>, Error> {
    let mut texts = Vec::new();
    while texts.last().is_none_or(|text| text != last) {
        texts.push(client.utf8().await?);
    }
    Ok(texts)
}

/// The number that begins a message.
fn number(text: &str) -> Option<u32> {
    text.split(' ').next()?.parse().ok()
}

#[tokio::test(start_paused = true)]
async fn a_slow_peer_gets_the_latest_messages_whole_and_in_order() -> Result {
    let server = prices::server().slow("drop_oldest").max_outbox(10_000).silence_max(0).test().await?;
    let mut client = server.connect("/").buffer(1_000).await?;
    client.stop_reading();
    for number in 0..200 {
        let text = format!("{number} {}", "x".repeat(300));
        assert_eq!(server.server().broadcast_utf8(text), 1, "each is taken");
        server.advance(0.001).await;
    }
    server.server().broadcast_utf8("last");
    client.start_reading();
    let texts = until(&mut client, "last").await?;
    let numbers: Vec<_> = texts.iter().filter_map(|text| number(text)).collect();
    assert!(texts.iter().all(|text| text == "last" || text.len() > 300), "whole");
    assert!(numbers.is_sorted() && numbers.first() == Some(&0), "{numbers:?}");
    // 32 of them fit. The first few are in the pipe.
    assert!(numbers.ends_with(&(170..200).collect::<Vec<_>>()), "{numbers:?}");
    assert!(numbers.len() < 40, "{numbers:?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn replies_pings_and_questions_are_not_dropped() -> Result {
    let server = prices::server().slow("drop_oldest").max_outbox(10_000).silence_max(0).test().await?;
    let mut client = server.connect("/").buffer(1_000).await?;
    let conn = server.server().connections()[0].clone();
    client.stop_reading();
    conn.send_utf8("0 ".repeat(2_000)).unwrap();
    let mut asked = Vec::new();
    for number in 0..20_u32 {
        client.send_utf8(format!("reply {number}")).await?;
        client.send_utf8(format!(r#"{{"type":"echo","id":{number},"data":"{number}"}}"#)).await?;
        server.advance(0.001).await;
        asked.push(conn.ask(prices::Sure { number }));
        conn.send(ws_runtime::Message::Ping((&[1][..]).into())).unwrap();
        for _ in 0..10 {
            conn.send_utf8(format!("1 {}", "x".repeat(300))).unwrap();
        }
    }
    conn.send_utf8("last").unwrap();
    client.start_reading();
    let texts = until(&mut client, "last").await?;
    let mut expected = Vec::new();
    for number in 0..20 {
        expected.push(format!("reply {number}"));
        expected.push(format!(r#"{{"type":"echo","id":{number},"data":"{number}"}}"#));
        expected.push(format!(r#"{{"type":"sure","ask":{},"data":{{"number":{number}}}}}"#, number + 1));
    }
    let kept: Vec<_> = texts.iter().filter(|text| number(text).is_none() && *text != "last").collect();
    assert_eq!(kept, expected.iter().collect::<Vec<_>>());
    assert_eq!(client.pings(), 20);
    assert!(texts.iter().filter(|text| text.starts_with("1 ")).count() < 40);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_new_message_is_dropped_where_nothing_else_may_be() -> Result {
    let server = prices::server().slow("drop_oldest").max_outbox(5_000).silence_max(0).test().await?;
    let mut client = server.connect("/").buffer(500).await?;
    let conn = server.server().connections()[0].clone();
    client.stop_reading();
    // A reply as large as the outbox.
    client.send_utf8("x".repeat(7_000)).await?;
    server.advance(0.001).await;
    assert_eq!(conn.send_utf8("0 small"), Err(SendError::Full { max: 5_000 }));
    assert_eq!(server.server().broadcast_utf8("0 small"), 0);
    assert!(conn.is_ready());
    client.start_reading();
    assert_eq!(client.utf8().await?.len(), 7_000);
    conn.send_utf8("last").unwrap();
    assert_eq!(client.utf8().await?, "last");
    Ok(())
}

#[ws_server(origins = any)]
mod strict {
    use super::*;

    #[on(handshake)]
    fn handshake(_request: &Handshake, conn: &Conn) {
        assert_eq!(conn.set_compression(Compression::ContextTakeover), Err(SetError::DropsOldest));
        conn.set_compression(Compression::On).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_does_not_get_a_compression_that_refers_to_dropped_messages() -> Result {
    let server = strict::server().slow("drop_oldest").test().await?;
    server.connect("/").await?;
    server.advance(Duration::from_millis(1)).await;
    Ok(())
}

#[ws_server(origins = any, max_outbox = 10_000, silence_max = 0)]
mod counting {
    use super::*;

    #[state]
    pub struct Ended(pub mpsc::UnboundedSender<u64>);

    #[on(disconnect)]
    fn disconnect(close: &Close, ended: &Ended) {
        let _ = ended.0.send(close.dropped());
    }
}

#[tokio::test(start_paused = true)]
async fn each_message_is_received_or_counted_as_dropped() -> Result {
    for slow in ["close", "drop_newest", "drop_oldest"] {
        let (ended, mut dropped) = mpsc::unbounded_channel();
        let server = counting::server().state(counting::Ended(ended)).slow(slow).test().await?;
        let mut client = server.connect("/").buffer(1_000).await?;
        let conn = server.server().connections()[0].clone();
        client.stop_reading();
        let mut sent = 0;
        for number in 0..100 {
            sent += 1;
            match (number % 3, "x".repeat(700 + number)) {
                (0, text) => drop(server.server().broadcast_utf8(text)),
                (1, text) => drop(conn.send_utf8(text)),
                (_, text) => drop(conn.send_binary(text.repeat(8).into_bytes())),
            }
            server.advance(0.001).await;
            if !conn.is_ready() {
                break;
            }
        }
        assert_eq!(conn.is_ready(), slow != "close");
        client.start_reading();
        let mut received = 0;
        if slow != "close" {
            conn.flushed().await?;
            client.disconnect(1000, "").await?;
        }
        while client.next().await.is_ok() {
            received += 1;
        }
        let dropped = dropped.recv().await.unwrap();
        assert!(dropped > 0 && received > 0, "{slow}: {dropped} dropped, {received} received");
        assert_eq!(received + dropped, sent, "{slow}");
    }
    Ok(())
}
