//! Messages whose names begin with `$`: they are the runtime's, and handled as they are received.

use std::sync::Arc;

use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use ws_runtime::prelude::*;
use ws_tests::Client;

#[ws_server(listen = "127.0.0.1:0")]
mod game {
    use super::*;

    #[state]
    pub struct Gate(pub Arc<Semaphore>);

    #[on("gate")]
    async fn gate(gate: &Gate) {
        let _ = gate.0.acquire().await.map(|permit| permit.forget());
    }

    #[on("beside", concurrent = 2)]
    async fn beside(gate: &Gate) -> u8 {
        let _ = gate.0.acquire().await.map(|permit| permit.forget());
        1
    }

    #[on("forever")]
    fn forever() -> impl Stream<Item = u8> {
        stream::pending()
    }

    #[on("replace")]
    fn replace(conn: &Conn) {
        conn.on_utf8(|conn, text| conn.send_utf8(text.to_uppercase()));
    }

    #[on("add")]
    fn add(Json((a, b)): Json<(i64, i64)>) -> i64 {
        a + b
    }
}

async fn start() -> (ws_runtime::Running, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    (game::server().state(game::Gate(Arc::clone(&gate))).bind().await.unwrap(), gate)
}

async fn says(client: &mut Client, text: &str, wanted: &str) {
    client.send(text).await;
    assert_eq!(client.text().await, wanted, "{text}");
}

/// Texts until the Close frame, and its code.
async fn until_closed(client: &mut Client) -> (Vec<String>, CloseFrame) {
    let mut texts = Vec::new();
    loop {
        match client.next().await {
            Message::Text(text) => texts.push(text.to_string()),
            Message::Pong(_) => {}
            Message::Close(frame) => return (texts, frame.unwrap()),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_ping_is_answered_with_its_id() {
    let (running, _) = start().await;
    let mut client = Client::connect(&running).await;
    for (ping, pong) in [
        (r#"{"type":"$ping"}"#, r#"{"type":"$pong"}"#),
        (r#"{"type":"$ping","id":7.50}"#, r#"{"type":"$pong","id":7.50}"#),
        (r#"{"data":{},"id":"é","type":"$p\u0069ng"}"#, r#"{"type":"$pong","id":"é"}"#),
        (r#"{"type":"$ping","data":[{}],"id":1}"#, r#"{"type":"$pong","id":1}"#),
        (r#"{"type":"$ping","id":null}"#, r#"{"type":"$pong"}"#),
    ] {
        says(&mut client, ping, pong).await;
    }
}

#[tokio::test]
async fn a_ping_overtakes_handlers_and_what_waits_for_them() {
    let (running, gate) = start().await;
    let mut client = Client::connect(&running).await;
    client.send(r#"{"type":"gate","id":1}"#).await;
    client.send(r#"{"type":"add","id":2,"data":[1,2]}"#).await;
    says(&mut client, r#"{"type":"$ping","id":3}"#, r#"{"type":"$pong","id":3}"#).await;
    gate.add_permits(1);
    assert_eq!(client.text().await, r#"{"type":"gate","id":1,"data":null}"#);
    assert_eq!(client.text().await, r#"{"type":"add","id":2,"data":3}"#);
}

#[tokio::test]
async fn a_closure_for_texts_sees_all_but_the_messages_of_the_runtime() {
    let (running, _) = start().await;
    let mut client = Client::connect(&running).await;
    says(&mut client, r#"{"type":"replace","id":1}"#, r#"{"type":"replace","id":1,"data":null}"#).await;
    says(&mut client, "text", "TEXT").await;
    says(&mut client, r#"{"type":"add"}"#, r#"{"TYPE":"ADD"}"#).await;
    says(&mut client, r#"{"type":"$ping"}"#, r#"{"type":"$pong"}"#).await;
    says(&mut client, r#"{"type":"$ping""#, r#"{"TYPE":"$PING""#).await;
}

#[tokio::test]
async fn pings_of_both_kinds_share_one_budget() {
    let (running, _) = start().await;
    for kind in 0..3 {
        let mut client = Client::connect(&running).await;
        for number in 0..140 {
            match (kind, number % 2) {
                (0, _) | (1, 0) => client.send(r#"{"type":"$ping"}"#).await,
                (1, _) => client.send(Message::Ping(vec![].into())).await,
                _ => client.send(r#"{"type":"$pong"}"#).await,
            }
        }
        let (pongs, close) = until_closed(&mut client).await;
        let reason = ["too many pings", "too many pings", "too many pings or `$error` messages"][kind];
        assert_eq!((u16::from(close.code), close.reason.as_str()), (1008, reason));
        let expected = [100..125, 50..63, 0..1][kind].clone();
        assert!(expected.contains(&pongs.len()), "{} pongs", pongs.len());
    }
}

#[tokio::test]
async fn an_error_or_a_pong_of_a_peer_is_not_answered() {
    let (running, _) = start().await;
    let mut client = Client::connect(&running).await;
    client.send(r#"{"type":"$error","id":1,"error":{"code":"bad_request","message":"?"}}"#).await;
    client.send(r#"{"type":"$pong","id":1}"#).await;
    says(&mut client, r#"{"type":"$ping"}"#, r#"{"type":"$pong"}"#).await;
}

#[tokio::test]
async fn other_names_of_the_runtime_are_told_what_is_wrong() {
    let (running, _) = start().await;
    let mut client = Client::connect(&running).await;
    for (text, code) in [
        (r#"{"type":"$unknown","id":1}"#, "not_found"),
        (r#"{"type":"$","id":1}"#, "not_found"),
        (r#"{"type":"$cancel"}"#, "bad_request"),
        (r#"{"type":"$ping","id":{}}"#, "bad_request"),
        (r#"{"type":"$ping","id":1"#, "bad_request"),
        (r#"{"type":"$ping","id":1,"id":1}"#, "bad_request"),
    ] {
        client.send(text).await;
        let reply: Value = serde_json::from_str(&client.text().await).unwrap();
        assert_eq!(reply["error"]["code"], code, "{text}: {reply}");
    }
    says(&mut client, r#"{"type":"$ping"}"#, r#"{"type":"$pong"}"#).await;
    for _ in 0..140 {
        client.send(r#"{"type":"$unknown"}"#).await;
    }
    let (errors, close) = until_closed(&mut client).await;
    assert_eq!(u16::from(close.code), 1008);
    assert!((90..120).contains(&errors.len()), "{} errors", errors.len());
}

#[tokio::test]
async fn what_runs_or_waits_is_cancelled_by_its_id() {
    let (running, gate) = start().await;
    let mut client = Client::connect(&running).await;
    client.send(r#"{"type":"forever","id":"s"}"#).await;
    client.send(r#"{"type":"$cancel","id":"s"}"#).await;
    assert_eq!(client.text().await, r#"{"type":"forever","id":"s","done":true}"#);

    client.send(r#"{"type":"beside","id":1}"#).await;
    client.send(r#"{"type":"$cancel","id":1}"#).await;
    let cancelled = |text: &str, kind: &str, id: u64| {
        let reply: Value = serde_json::from_str(text).unwrap();
        assert_eq!((&reply["type"], &reply["id"]), (&json!(kind), &json!(id)));
        assert_eq!(reply["error"]["code"], "cancelled");
    };
    cancelled(&client.text().await, "beside", 1);

    // One too many waits for its place.
    for id in 2..5 {
        client.send(format!(r#"{{"type":"beside","id":{id}}}"#)).await;
    }
    client.send(r#"{"type":"$cancel","id":4}"#).await;
    cancelled(&client.text().await, "beside", 4);
    gate.add_permits(2);
    for id in 2..4 {
        assert_eq!(client.text().await, format!(r#"{{"type":"beside","id":{id},"data":1}}"#));
    }

    // Behind a handler that runs, they have not begun.
    client.send(r#"{"type":"gate","id":10}"#).await;
    client.send(r#"{"type":"beside","id":11}"#).await;
    client.send(r#"{"type":"forever","id":12}"#).await;
    client.send(r#"{"type":"add","id":13,"data":[1,2]}"#).await;
    for id in [11, 12, 13, 14] {
        client.send(format!(r#"{{"type":"$cancel","id":{id}}}"#)).await;
    }
    cancelled(&client.text().await, "beside", 11);
    assert_eq!(client.text().await, r#"{"type":"forever","id":12,"done":true}"#);
    gate.add_permits(1);
    assert_eq!(client.text().await, r#"{"type":"gate","id":10,"data":null}"#);
    assert_eq!(client.text().await, r#"{"type":"add","id":13,"data":3}"#, "it has begun to matter");
}
