//! A peer gets what its `ready` handler sends first, and then all that others have sent since it was listed.

use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use ws_runtime::prelude::*;
use ws_runtime::{Running, SendError};
use ws_tests::frame::{Sent, close};
use ws_tests::raw::shake_hands;
use ws_tests::{Client, open};

#[ws_server(listen = "127.0.0.1:0", origins = any, max_outbox = 8_000_000)]
mod counted {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Count(u64);

    #[on(ready)]
    fn snapshot(count: &Count) -> String {
        format!("snapshot {}", count.0)
    }

    #[on(utf8)]
    fn add(times: &str, count: &mut Count, server: &Server) {
        for _ in 0..times.parse::<u64>().unwrap() {
            count.0 += 1;
            server.broadcast_utf8(count.0.to_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_snapshot_and_what_follows_neither_overlap_nor_leave_a_gap() {
    const NEWCOMERS: usize = 100;
    let running = counted::server().bind().await.unwrap();
    let mut storm = Vec::new();
    for _ in 0..3 {
        let mut client = Client::connect(&running).await;
        storm.push(tokio::spawn(async move {
            loop {
                client.send("2").await;
                client.text().await;
            }
        }));
    }
    for _ in 0..NEWCOMERS {
        let mut newcomer = Client::connect(&running).await;
        let first = newcomer.text().await;
        let snapshot: u64 = first.strip_prefix("snapshot ").expect("it comes first").parse().unwrap();
        for next in snapshot + 1..snapshot + 20 {
            assert_eq!(newcomer.text().await, next.to_string(), "after the snapshot {snapshot}");
        }
    }
    storm.into_iter().for_each(|task| task.abort());
}

/// What a `ready` handler waits for.
type Gate = oneshot::Receiver<Result<(), &'static str>>;

#[ws_server(listen = "127.0.0.1:0", origins = any, max_outbox = 1000, silence_max = 0)]
mod waiting {
    use super::*;

    #[state]
    pub struct Begun(pub mpsc::UnboundedSender<(Conn, oneshot::Sender<Result<(), &'static str>>)>);

    #[session]
    #[derive(Default)]
    struct Greeted(bool);

    #[on(ready)]
    async fn greet(
        conn: &Conn,
        server: &Server,
        begun: &Begun,
        greeted: &mut Greeted,
    ) -> Result<String, &'static str> {
        conn.send_utf8("hello").unwrap();
        // Would wait for itself if it waited for what others have sent meanwhile.
        conn.flushed().await.unwrap();
        let (open, gate): (_, Gate) = oneshot::channel();
        begun.0.send((conn.clone(), open)).unwrap();
        let passed = gate.await.unwrap();
        conn.flushed().await.ok();
        if conn.is_ready() {
            assert!(server.broadcast_utf8("to all, from ready") >= 1);
        }
        greeted.0 = true;
        passed.map(|()| "the reply".to_owned())
    }

    #[on(utf8)]
    fn echo<'a>(text: &'a str, greeted: &Greeted) -> &'a str {
        assert!(greeted.0);
        text
    }
}

struct Newcomer {
    running: Running,
    client: Client,
    conn: Conn,
    gate: oneshot::Sender<Result<(), &'static str>>,
}

async fn newcomer(slow: &str) -> Newcomer {
    let (begun, mut newcomers) = mpsc::unbounded_channel();
    let running = waiting::server().state(waiting::Begun(begun)).slow(slow).bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    let (conn, gate) = newcomers.recv().await.unwrap();
    assert_eq!(client.text().await, "hello", "it does not wait for the end of `ready`");
    Newcomer { running, client, conn, gate }
}

/// Sends in each way that there is, from another thread.
fn send_from_elsewhere(conn: &Conn) {
    let conn = conn.clone();
    let send = move || {
        assert_eq!(conn.server().broadcast_utf8("1"), 1);
        conn.send_utf8("2").unwrap();
        conn.send_utf8(String::from("3")).unwrap();
        assert_eq!(conn.server().broadcast_utf8("4"), 1);
    };
    thread::spawn(send).join().unwrap();
}

async fn expect(client: &mut Client, texts: &[&str]) {
    for text in texts {
        assert_eq!(client.text().await, *text);
    }
}

const FROM_ELSEWHERE: [&str; 4] = ["1", "2", "3", "4"];

#[tokio::test]
async fn what_others_send_waits_until_an_async_ready_has_ended() {
    let Newcomer { running, mut client, conn, gate } = newcomer("close").await;
    send_from_elsewhere(&conn);
    // Pings are answered meanwhile.
    client.send(Message::Ping("?".into())).await;
    assert_eq!(client.next().await.into_data(), "?");
    client.send("a message").await;
    gate.send(Ok(())).unwrap();
    expect(&mut client, &["to all, from ready", "the reply"]).await;
    expect(&mut client, &FROM_ELSEWHERE).await;
    expect(&mut client, &["a message"]).await;
    // From now on nothing waits.
    send_from_elsewhere(&conn);
    expect(&mut client, &FROM_ELSEWHERE).await;
    drop(running);
}

#[tokio::test]
async fn who_waits_until_all_is_written_waits_for_what_is_held_back_too() {
    let Newcomer { mut client, conn, gate, running: _running } = newcomer("close").await;
    send_from_elsewhere(&conn);
    let flushed = tokio::spawn({
        let conn = conn.clone();
        async move { conn.flushed().await }
    });
    for _ in 0..100 {
        yield_now().await;
    }
    assert!(!flushed.is_finished());
    gate.send(Ok(())).unwrap();
    assert_eq!(flushed.await.unwrap(), Ok(()));
    expect(&mut client, &["to all, from ready", "the reply", "1"]).await;
}

#[tokio::test]
async fn what_is_held_back_counts_for_the_outbox() {
    let Newcomer { mut client, conn, gate, running: _running } = newcomer("drop_newest").await;
    let sent: Vec<_> = (0..5).map(|_| conn.send_binary(vec![0; 300])).collect();
    let full = Err(SendError::Full { max: 1000 });
    assert_eq!(sent, [Ok(()), Ok(()), Ok(()), full.clone(), full]);
    gate.send(Ok(())).unwrap();
    // Its own broadcast finds the outbox not full yet.
    expect(&mut client, &["to all, from ready", "the reply"]).await;
    for _ in 0..3 {
        assert_eq!(client.next().await.len(), 300);
    }
    client.send("next").await;
    expect(&mut client, &["next"]).await;
}

#[tokio::test]
async fn a_peer_for_which_too_much_is_held_back_is_cut() {
    let Newcomer { running, mut client, conn, gate } = newcomer("close").await;
    let sent: Vec<_> = (0..5).map(|_| conn.send_binary(vec![0; 300])).collect();
    let (slow, gone) = (Err(SendError::Slow { max: 1000 }), Err(SendError::Gone));
    assert_eq!(sent, [Ok(()), Ok(()), Ok(()), slow, gone]);
    assert_eq!(running.server().broadcast_utf8("more"), 0);
    drop(gate);
    let rest = futures_util::StreamExt::next(&mut client.0).await;
    assert!(rest.is_none_or(|rest| rest.is_err()), "the connection is cut");
}

#[tokio::test]
async fn a_disconnect_from_elsewhere_sends_what_is_held_back_and_does_not_wait() {
    let Newcomer { mut client, conn, gate, running: _running } = newcomer("close").await;
    send_from_elsewhere(&conn);
    conn.disconnect(4000, "").unwrap();
    assert_eq!(conn.send_utf8("more"), Err(SendError::Gone));
    expect(&mut client, &FROM_ELSEWHERE).await;
    assert_eq!(u16::from(client.closed().await.code), 4000);
    drop(gate);
}

#[tokio::test]
async fn a_peer_that_ready_does_not_let_in_gets_nothing_of_what_others_sent() {
    let Newcomer { mut client, conn, gate, running: _running } = newcomer("close").await;
    send_from_elsewhere(&conn);
    gate.send(Err("not you")).unwrap();
    expect(&mut client, &["to all, from ready"]).await;
    assert_eq!(u16::from(client.closed().await.code), 1011);
}

#[tokio::test]
async fn at_shutdown_ready_ends_and_what_is_held_back_is_sent() {
    let Newcomer { mut client, conn, gate, running } = newcomer("close").await;
    send_from_elsewhere(&conn);
    client.send("a message").await;
    client.send(Message::Ping("?".into())).await;
    assert_eq!(client.next().await.into_data(), "?", "the message before it has arrived");
    running.server().shutdown();
    for _ in 0..100 {
        yield_now().await;
    }
    send_from_elsewhere(&conn);
    gate.send(Ok(())).unwrap();
    expect(&mut client, &["to all, from ready", "the reply"]).await;
    expect(&mut client, &FROM_ELSEWHERE).await;
    expect(&mut client, &FROM_ELSEWHERE).await;
    expect(&mut client, &["a message"]).await;
    assert_eq!(u16::from(client.closed().await.code), 1001);
}

#[tokio::test(start_paused = true)]
async fn a_ready_that_never_ends_does_not_keep_back_what_was_sent_before_the_close() {
    let (begun, mut newcomers) = mpsc::unbounded_channel();
    let running = waiting::server().state(waiting::Begun(begun)).bind().await.unwrap();
    let mut stream = shake_hands(&running).await;
    let (conn, _gate) = newcomers.recv().await.unwrap();
    send_from_elsewhere(&conn);
    stream.write_all(&close(1000, b"")).await.unwrap();
    let mut rest = Vec::new();
    timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await.unwrap().unwrap();
    let sent = Sent::read(&rest);
    let texts: Vec<_> = sent.messages.iter().map(|(_, text)| str::from_utf8(text).unwrap()).collect();
    assert_eq!(texts, ["hello", "1", "2", "3", "4"]);
    assert_eq!(sent.close, Some(1000));
}

#[ws_server(listen = "127.0.0.1:0", origins = any)]
mod choosing {
    use ws_runtime::event::{FromContext, WithConn};

    use super::*;

    /// An argument that only the path `/in` gives, and that says who has not got it yet.
    struct Ticket;

    impl<'a, C: WithConn<'a>> FromContext<'a, C> for Ticket {
        fn from_context(context: &mut C) -> Result<Self, Reject> {
            let conn = context.conn();
            assert!(!conn.is_ready(), "the arguments are not made yet");
            assert!(!conn.server().connections().contains(conn));
            assert_eq!(conn.send_utf8("before"), Err(SendError::NotReady));
            if conn.subprotocol_is_in() { Ok(Self) } else { Err(Reject::forbidden()) }
        }
    }

    trait Ask {
        fn subprotocol_is_in(&self) -> bool;
    }

    impl Ask for Conn {
        fn subprotocol_is_in(&self) -> bool {
            self.max_send_size() == 4321
        }
    }

    #[on(handshake)]
    fn mark(handshake: &Handshake, conn: &Conn) {
        if handshake.path() == "/in" {
            conn.set_max_send_size(4321).unwrap();
        }
    }

    #[on(ready)]
    fn ready(_ticket: Ticket, conn: &Conn, server: &Server) -> &'static str {
        assert!(conn.is_ready());
        assert!(server.connections().contains(conn));
        // Another thread of its own is not the handler.
        let conn = conn.clone();
        thread::spawn(move || conn.send_utf8("second").unwrap()).join().unwrap();
        "first"
    }
}

#[tokio::test]
async fn a_connection_is_listed_once_the_arguments_of_ready_are_made() {
    let running = choosing::server().bind().await.unwrap();
    let mut client = open(&running, "/in").await.unwrap();
    expect(&mut client, &["first", "second"]).await;
    let refused = open(&running, "/out").await.unwrap();
    assert_eq!(u16::from(refused.closed().await.code), 4403);
}
