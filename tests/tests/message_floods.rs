//! Peers that misuse named messages: floods, ids that are used again, cancels of everything, messages that are never
//! read.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestClient, TestServer};

/// How many items of streams were made.
static ITEMS: AtomicUsize = AtomicUsize::new(0);

#[ws_server]
mod game {
    use super::*;

    #[state]
    pub struct Gate {
        pub open: Arc<Semaphore>,
        pub alive: Arc<()>,
        pub ended: Arc<AtomicUsize>,
    }

    /// A stream that is always ready, of texts of 1,000 bytes.
    pub struct Endless;

    impl Stream for Endless {
        type Item = String;

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<String>> {
            ITEMS.fetch_add(1, Ordering::Relaxed);
            Poll::Ready(Some("x".repeat(1000)))
        }
    }

    #[on("gate")]
    async fn gate(gate: &Gate) {
        let _ = gate.open.acquire().await.map(|permit| permit.forget());
    }

    #[on("beside", concurrent = 1_024)]
    async fn beside(gate: &Gate) -> u8 {
        let _alive = Arc::clone(&gate.alive);
        let _ = gate.open.acquire().await.map(|permit| permit.forget());
        1
    }

    #[on("one", concurrent = 1)]
    async fn one(gate: &Gate) -> u8 {
        let _ = gate.open.acquire().await.map(|permit| permit.forget());
        1
    }

    #[on("endless")]
    fn endless() -> impl Stream<Item = String> {
        Endless
    }

    /// Always ready, of items that are much smaller than the outbox.
    #[on("tiny")]
    fn tiny() -> impl Stream<Item = u8> {
        stream::repeat(1)
    }

    async fn slowly(gate: &Gate) -> Result<(), Reject> {
        match gate.open.acquire().await {
            Ok(permit) => permit.forget(),
            Err(_) => return Err(Reject::forbidden()),
        }
        Ok(())
    }

    #[on("guarded stream", guard = slowly)]
    fn guarded_stream() -> impl Stream<Item = u8> {
        stream::repeat(1)
    }

    #[on("guarded stream alone", guard = slowly)]
    fn guarded_stream_alone() -> impl Stream<Item = u8> + use<> {
        stream::repeat(1)
    }

    #[on("guarded beside", guard = slowly, concurrent = 2)]
    async fn guarded_beside() -> u8 {
        std::future::pending().await
    }

    #[on("guarded", guard = slowly)]
    async fn guarded() -> u8 {
        1
    }

    #[on("forever")]
    fn forever() -> impl Stream<Item = u8> {
        stream::pending()
    }

    #[on("count")]
    fn count(Json(to): Json<u8>) -> impl Stream<Item = u8> {
        stream::iter(0..to)
    }

    #[on("add")]
    fn add(Json((a, b)): Json<(i64, i64)>) -> i64 {
        a + b
    }

    #[on(disconnect)]
    fn ended(gate: &Gate) {
        gate.ended.fetch_add(1, Ordering::Relaxed);
    }
}

struct Setup {
    server: TestServer,
    open: Arc<Semaphore>,
    alive: Arc<()>,
    ended: Arc<AtomicUsize>,
}

async fn start() -> Result<Setup> {
    let (open, alive, ended) = (Arc::new(Semaphore::new(0)), Arc::new(()), Arc::new(AtomicUsize::new(0)));
    let gate = game::Gate { open: Arc::clone(&open), alive: Arc::clone(&alive), ended: Arc::clone(&ended) };
    let server = game::server().state(gate).test().await?;
    Ok(Setup { server, open, alive, ended })
}

async fn next(client: &mut TestClient) -> Result<Value> {
    Ok(serde_json::from_str(&client.utf8().await?)?)
}

/// While a handler awaits, a peer that reads nothing cancels what waits, and is answered for each: it must not be
/// read on without end.
#[tokio::test(start_paused = true)]
async fn cancels_of_waiting_messages_do_not_fill_the_memory_of_a_peer_that_never_reads() -> Result {
    const PAIRS: usize = 30_000;
    let Setup { server, open, .. } = start().await?;
    let mut client = server.connect("/").buffer(4096).await?;
    client.stop_reading();
    client.send_utf8(r#"{"type":"gate","id":"gate"}"#).await?;
    let mut sent = 0;
    while sent < PAIRS {
        let begins = client.send_utf8(format!(r#"{{"type":"beside","id":{sent}}}"#)).await;
        sent += 1;
        if begins.is_err()
            || client.send_utf8(format!(r#"{{"type":"$cancel","id":{}}}"#, sent - 1)).await.is_err()
        {
            break;
        }
    }
    println!("{sent} pairs were read");
    assert!(sent < PAIRS / 2, "{sent} pairs were read, and answered into the outbox");
    client.start_reading();
    client.set_patience(5);
    open.add_permits(1);
    // The last message may have been sent without its cancel.
    client.send_utf8(format!(r#"{{"type":"$cancel","id":{}}}"#, sent - 1)).await?;
    // Each is answered once, as the peer reads at last.
    let mut cancelled = vec![0; sent];
    let mut left = sent + 1;
    while left > 0 {
        let reply = next(&mut client).await?;
        match reply["id"].as_u64() {
            Some(id) if (id as usize) < sent => {
                assert_eq!(reply["error"]["code"], "cancelled", "{reply}");
                cancelled[id as usize] += 1;
                left -= 1;
            }
            Some(_) => {}
            None => left -= 1,
        }
    }
    assert!(cancelled.iter().all(|&count| count == 1));
    Ok(())
}

/// A `$cancel` looks at what waits, and must not scan a large broken message each time.
#[tokio::test(start_paused = true)]
async fn cancels_do_not_scan_a_large_broken_message_again_and_again() -> Result {
    let Setup { server, open, .. } = start().await?;
    let mut client = server.connect("/").await?;
    client.send_utf8(r#"{"type":"gate","id":0}"#).await?;
    let zeros = "0,".repeat(30_000);
    client.send_utf8(format!(r#"{{"type":"beside","data":[{zeros}0],"id":1,,}}"#)).await?;
    client.send_utf8(r#"{"type":"$ping"}"#).await?;
    assert_eq!(next(&mut client).await?["type"], "$pong");
    let begun = Instant::now();
    client.send_utf8(r#"{"type":"$cancel","id":2}"#).await?;
    client.send_utf8(r#"{"type":"$ping"}"#).await?;
    assert_eq!(next(&mut client).await?["type"], "$pong");
    let once = begun.elapsed();
    let begun = Instant::now();
    for _ in 0..5_000 {
        client.send_utf8(r#"{"type":"$cancel","id":2}"#).await?;
    }
    client.send_utf8(r#"{"type":"$ping"}"#).await?;
    assert_eq!(next(&mut client).await?["type"], "$pong");
    let all = begun.elapsed();
    println!("one {once:?}, 5000 {all:?}");
    assert!(all < Duration::from_secs(2), "5,000 cancels took {all:?}, the first one {once:?}");
    open.add_permits(1);
    assert_eq!(next(&mut client).await?["type"], "gate");
    assert_eq!(next(&mut client).await?["error"]["code"], "bad_request");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_always_ready_leaves_room_for_calls_and_its_cancel() -> Result {
    let Setup { server, .. } = start().await?;
    let mut client = server.connect("/").await?;
    client.send_utf8(r#"{"type":"endless","id":1}"#).await?;
    client.send_utf8(r#"{"type":"add","id":2,"data":[1,2]}"#).await?;
    let mut items = 0;
    loop {
        let reply = next(&mut client).await?;
        if reply["id"] == 2 {
            assert_eq!(reply["data"], 3);
            break;
        }
        items += 1;
        assert!(items < 100_000, "the call is never answered");
    }
    client.send_utf8(r#"{"type":"$cancel","id":1}"#).await?;
    let mut items = 0;
    while next(&mut client).await?["done"] != true {
        items += 1;
        assert!(items < 100_000, "the stream never ends");
    }
    client.expect_nothing().await?;
    Ok(())
}

/// The peer reads all at once, so the outbox never fills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_of_tiny_items_leave_room_for_calls_and_their_cancels() {
    for count in [1, 16] {
        ask_beside_streams(count).await;
    }
}

async fn ask_beside_streams(count: usize) {
    let gate = game::Gate { open: Arc::new(Semaphore::new(0)), alive: Arc::new(()), ended: Arc::default() };
    let running = game::server().state(gate).listen("127.0.0.1:0").bind().await.unwrap();
    let mut client = ws_tests::Client::connect(&running).await;
    for id in 0..count {
        client.send(format!(r#"{{"type":"tiny","id":{id}}}"#)).await;
    }
    client.send(r#"{"type":"add","id":"call","data":[1,2]}"#).await;
    client.send(r#"{"type":"$ping","id":"ping"}"#).await;
    let ends = async {
        let (mut items, mut done, mut answered) = (0, 0, 0);
        while done < count {
            let text = client.text().await;
            if text.contains("\"done\"") {
                done += 1;
            } else if text.contains("\"call\"") || text.contains("\"ping\"") {
                answered += 1;
                if answered == 2 {
                    println!("answered after {items} items");
                    for id in 0..count {
                        client.send(format!(r#"{{"type":"$cancel","id":{id}}}"#)).await;
                    }
                }
            } else {
                items += 1;
            }
        }
        println!("ended after {items} items");
    };
    tokio::time::timeout(Duration::from_secs(20), ends).await.expect("the streams never end");
}

#[tokio::test(start_paused = true)]
async fn streams_that_are_never_read_stop_at_a_quarter_of_the_outbox() -> Result {
    let Setup { server, .. } = start().await?;
    let mut client = server.connect("/").buffer(4096).await?;
    client.stop_reading();
    let before = ITEMS.load(Ordering::Relaxed);
    for id in 0..20 {
        client.send_utf8(format!(r#"{{"type":"endless","id":{id}}}"#)).await?;
    }
    server.advance(0).await;
    let made = ITEMS.load(Ordering::Relaxed) - before;
    println!("{made} items of 1,000 bytes");
    assert!(made < 1_500, "{made} items of 1,000 bytes wait");
    client.start_reading();
    let mut refused = 0;
    for _ in 0..5_000 {
        let reply = next(&mut client).await?;
        refused += usize::from(reply["error"]["code"] == "too_many_requests");
    }
    assert_eq!(refused, 4);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn cancels_at_every_moment_leave_one_reply_for_each_id() -> Result {
    let Setup { server, open, .. } = start().await?;
    let mut client = server.connect("/").await?;
    // Of what never was, of a plain call that is over, and of one that is over anyway.
    for text in [
        r#"{"type":"$cancel","id":1}"#,
        r#"{"type":"add","id":1,"data":[1,1]}"#,
        r#"{"type":"$cancel","id":1}"#,
        r#"{"type":"count","id":2,"data":1}"#,
    ] {
        client.send_utf8(text).await?;
    }
    assert_eq!(next(&mut client).await?, json!({"type": "add", "id": 1, "data": 2}));
    assert_eq!(next(&mut client).await?, json!({"type": "count", "id": 2, "data": 0}));
    assert_eq!(next(&mut client).await?, json!({"type": "count", "id": 2, "done": true}));
    for _ in 0..3 {
        client.send_utf8(r#"{"type":"$cancel","id":2}"#).await?;
    }
    client.expect_nothing().await?;

    // One runs, one waits for its place, one waits in the inbox behind a plain one: each is cancelled twice.
    for text in [
        r#"{"type":"one","id":3}"#,
        r#"{"type":"one","id":4}"#,
        r#"{"type":"add","id":5,"data":[1,1]}"#,
        r#"{"type":"one","id":6}"#,
        r#"{"type":"forever","id":7}"#,
    ] {
        client.send_utf8(text).await?;
    }
    server.advance(0).await;
    for id in [7, 7, 6, 6, 5, 5, 4, 4, 3, 3] {
        client.send_utf8(format!(r#"{{"type":"$cancel","id":{id}}}"#)).await?;
    }
    let mut replies = Vec::new();
    for _ in 0..5 {
        let reply = next(&mut client).await?;
        let outcome =
            [&reply["error"]["code"], &reply["data"], &reply["done"]].map(Value::to_string).join(" ");
        replies.push((reply["id"].as_u64().unwrap(), outcome));
    }
    replies.sort();
    println!("{replies:?}");
    assert_eq!(replies.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
    client.expect_nothing().await?;

    // Their places are free again.
    client.send_utf8(r#"{"type":"one","id":8}"#).await?;
    open.add_permits(1);
    assert_eq!(next(&mut client).await?, json!({"type": "one", "id": 8, "data": 1}));
    Ok(())
}

/// The guard is awaited: the message waits in no queue, and its call does not run yet.
#[tokio::test(start_paused = true)]
async fn a_call_is_cancelled_while_its_guard_is_awaited() -> Result {
    let Setup { server, open, .. } = start().await?;
    let mut client = server.connect("/").await?;
    for (id, name) in
        ["guarded stream", "guarded stream alone", "guarded beside", "guarded"].into_iter().enumerate()
    {
        for text in [
            json!({"type": name, "id": id}),
            json!({"type": "$cancel", "id": id}),
            json!({"type": "$cancel", "id": id}),
            json!({"type": "add", "id": "add", "data": [1, 2]}),
        ] {
            client.send_utf8(text.to_string()).await?;
        }
        server.advance(0).await;
        open.add_permits(1);
        let reply = next(&mut client).await?;
        match name {
            "guarded beside" => assert_eq!(reply["error"]["code"], "cancelled", "{reply}"),
            "guarded" => assert_eq!(reply["data"], 1, "{reply}"),
            _ => assert_eq!(reply, json!({"type": name, "id": id, "done": true})),
        }
        assert_eq!(next(&mut client).await?["data"], 3, "{name}");
        client.expect_nothing().await?;
    }
    open.close();
    client.send_utf8(r#"{"type":"guarded beside","id":9}"#).await?;
    client.send_utf8(r#"{"type":"$cancel","id":9}"#).await?;
    assert_eq!(next(&mut client).await?["error"]["code"], "forbidden");
    client.expect_nothing().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_id_of_a_running_call_is_no_id_of_another() -> Result {
    let Setup { server, open, .. } = start().await?;
    let mut client = server.connect("/").await?;
    for (running, again) in [
        (r#"{"type":"forever","id":7}"#, r#"{"type":"forever","id":7}"#),
        (r#"{"type":"beside","id":8}"#, r#"{"type":"forever","id":8}"#),
        (r#"{"type":"forever","id":"a"}"#, r#"{"type":"add","id":"a","data":[1,2]}"#),
        (r#"{"type":"forever","id":"b"}"#, r#"{"type":"gate","id":"b"}"#),
    ] {
        client.send_utf8(running).await?;
        client.send_utf8(again).await?;
        let reply = next(&mut client).await?;
        assert_eq!(reply["error"]["code"], "bad_request", "{again} {reply}");
    }
    open.add_permits(1);
    assert_eq!(next(&mut client).await?, json!({"type": "beside", "id": 8, "data": 1}));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_end_with_their_connection() -> Result {
    for ending in ["close", "drop", "disconnect"] {
        let Setup { server, alive, ended, .. } = start().await?;
        let mut client = server.connect("/").await?;
        for id in 0..1_030 {
            client.send_utf8(format!(r#"{{"type":"beside","id":{id}}}"#)).await?;
        }
        server.advance(0).await;
        assert_eq!(Arc::strong_count(&alive) - 2, 1_024);
        match ending {
            "close" => client.disconnect(1000, "").await?,
            "drop" => drop(client),
            _ => server.server().connections()[0].disconnect(1000, "")?,
        }
        server.advance(10).await;
        assert_eq!(Arc::strong_count(&alive) - 2, 0, "{ending}");
        assert_eq!(ended.load(Ordering::Relaxed), 1, "{ending}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn floods_of_what_is_never_answered_end_too() -> Result {
    for text in [
        r#"{"type":"$ping"}"#,
        r#"{"type":"$error","error":{"code":"x"}}"#,
        r#"{"type":"$pong","id":1}"#,
        r#"{"type":"$nothing"}"#,
        r#"{"type":"$cancel"}"#,
        r#"{"type":"add","ask":1}"#,
        r#"{"type":"add","data":1,"ask":-1}"#,
        r#"{"type":"\ud800","id":1}"#,
        r#"{"type":"nobody","id":1}"#,
        r#"{"type":"forever"}"#,
        r#"{"type":"add","id":{},"data":[1,2]}"#,
        r#"{"type":"add","id":1,"data":[1,2],"id":1}"#,
        r#"{"type":"add","id":1,"data":[1,2]}}"#,
        "[]",
        "",
    ] {
        let Setup { server, .. } = start().await?;
        let mut client = server.connect("/").await?;
        let mut other = server.connect("/").await?;
        for _ in 0..250 {
            if client.send_utf8(text).await.is_err() {
                break;
            }
        }
        assert_eq!(client.closed().await?.code, 1008, "{text}");
        assert_eq!(other.call::<i64>("add", json!([1, 2])).await?, 3);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn ids_and_names_as_large_as_a_message_are_not_repeated() -> Result {
    let Setup { server, .. } = start().await?;
    let mut client = server.connect("/").await?;
    let long = "9".repeat(65_000);
    for text in [
        format!(r#"{{"type":"add","id":{long},"data":[1,2]}}"#),
        format!(r#"{{"type":"add","data":[1,2],"id":"{long}"}}"#),
        format!(r#"{{"type":"{long}"}}"#),
        format!(r#"{{"type":"${long}"}}"#),
        format!(r#"{{"type":"$cancel","id":"{long}"}}"#),
        format!(r#"{{"type":"$ping","id":"{long}"}}"#),
        format!(r#"{{"type":"add","ask":{long}}}"#),
        format!(r#"{{"type":"add","id":1,"data":"{long}"}}"#),
    ] {
        client.send_utf8(text.clone()).await?;
        let reply = client.utf8().await?;
        assert!(reply.len() < 700 && reply.contains("error"), "{} {reply}", &text[..40]);
    }
    Ok(())
}
