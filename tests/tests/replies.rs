//! When a reply is sent: before or after what others send, what other handlers send, and the end of the connection.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Duration, sleep};
use tokio_tungstenite::tungstenite::Message;
use ws_runtime::prelude::*;
use ws_runtime::test::Result;
use ws_tests::Client;
use ws_tests::frame::frame;

/// A `ready` that takes its time.
#[ws_server(listen = "127.0.0.1:0")]
mod slow_start {
    use super::*;

    #[state]
    pub struct Gate(pub Arc<Semaphore>);

    #[on(ready)]
    async fn ready(gate: &Gate) -> &'static str {
        let _passed = gate.0.acquire().await;
        "welcome"
    }

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

#[tokio::test(start_paused = true)]
async fn the_reply_of_ready_comes_before_what_others_send_and_before_other_replies() -> Result {
    let gate = Arc::new(Semaphore::new(0));
    let server = slow_start::server().state(slow_start::Gate(Arc::clone(&gate))).test().await?;
    let mut client = server.connect("/").await?;
    client.send_utf8("a message").await?;
    assert_eq!(server.server().broadcast_utf8("to all"), 1);
    gate.add_permits(1);
    assert_eq!(client.utf8().await?, "welcome");
    assert_eq!(client.utf8().await?, "to all");
    assert_eq!(client.utf8().await?, "a message");
    Ok(())
}

/// Handlers that end their own connection, and go on.
#[ws_server(listen = "127.0.0.1:0")]
mod leaving {
    use super::*;

    #[state]
    pub struct Notes(pub mpsc::UnboundedSender<String>);

    #[on(utf8)]
    fn leave(text: &str, conn: &Conn, notes: &Notes) -> &'static str {
        conn.send_utf8(text).unwrap();
        conn.disconnect(4000, "enough").unwrap();
        assert_eq!(conn.send_utf8("too late"), Err(ws_runtime::SendError::Gone));
        notes.0.send("the handler goes on".to_owned()).unwrap();
        "too late as well"
    }

    #[on(disconnect)]
    fn left(close: &Close, conn: &Conn, notes: &Notes) {
        assert!(!conn.is_ready());
        let note = format!("disconnect {} {} by {}", close.code(), close.reason(), close.by());
        notes.0.send(note).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_after_disconnect_is_dropped_and_the_disconnect_handler_runs_after_this_one() -> Result {
    let (notes, mut noted) = mpsc::unbounded_channel();
    let server = leaving::server().state(leaving::Notes(notes)).test().await?;
    let mut client = server.connect("/").await?;
    // What comes after it is not handled.
    client.send_raw([frame(0x81, b"goodbye"), frame(0x81, b"goodbye again")].concat()).await?;
    assert_eq!(client.utf8().await?, "goodbye");
    let frame = client.closed().await?;
    assert_eq!((frame.code, frame.reason.as_str()), (4000, "enough"));
    assert_eq!(noted.recv().await.unwrap(), "the handler goes on");
    assert_eq!(noted.recv().await.unwrap(), "disconnect 4000 enough by this server");
    server.stop().await;
    assert_eq!(noted.recv().await, None);
    Ok(())
}

/// Numbers that are drawn under the lock on the state, for oneself and for all.
#[ws_server(listen = "127.0.0.1:0", max_outbox = 4_194_304)]
mod numbers {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Last(u32);

    #[on(utf8)]
    fn draw(last: &mut Last) -> String {
        last.0 += 1;
        last.0.to_string()
    }

    #[on(binary)]
    fn draw_for_all(last: &mut Last, server: &Server) {
        last.0 += 1;
        server.broadcast_utf8(last.0.to_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reply_is_queued_before_the_lock_on_the_state_is_released() {
    const EACH: u32 = 2_000;
    let running = numbers::server().bind().await.unwrap();
    let (mut one, mut other) = (Client::connect(&running).await, Client::connect(&running).await);
    while running.server().connections().len() < 2 {
        sleep(Duration::from_millis(1)).await;
    }
    let sending = tokio::spawn(async move {
        for _ in 0..EACH {
            other.send(Message::binary("for all")).await;
        }
        other
    });
    let mut received = Vec::new();
    for _ in 0..EACH / 10 {
        for _ in 0..10 {
            one.send("mine").await;
        }
        for _ in 0..10 {
            received.push(one.text().await.parse::<u32>().unwrap());
        }
    }
    while received.len() < 2 * EACH as usize {
        received.push(one.text().await.parse().unwrap());
    }
    let in_order: Vec<u32> = (1..=2 * EACH).collect();
    assert_eq!(received, in_order);
    drop(sending.await.unwrap());
}
