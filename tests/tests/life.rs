//! One connection's life: the order of its events, and that one always ends what another began.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestClient, TestServer};
use ws_runtime::{ClosedBy, Seconds};
use ws_tests::raw::shake_hands;

/// Writes down what happened, for the test to read.
type Diary = mpsc::UnboundedSender<String>;

#[ws_server]
mod recorder {
    use super::*;

    #[state]
    pub struct Book(pub Diary);

    impl Book {
        fn note(&self, line: impl Into<String>) {
            let _ = self.0.send(line.into());
        }
    }

    #[session]
    #[derive(Default)]
    struct Count(u32);

    #[on(connect)]
    fn connect(book: &Book) {
        book.note("connect");
    }

    #[on(handshake)]
    fn handshake(handshake: &Handshake, book: &Book) {
        book.note(format!("handshake {}", handshake.path()));
    }

    #[on(ready)]
    fn ready(conn: &Conn, book: &Book) {
        book.note(format!("ready {}", conn.server().connections().contains(conn)));
    }

    #[on(utf8)]
    async fn utf8(text: &str, conn: &Conn, count: &mut Count, book: &Book) -> Result<(), String> {
        match text {
            "panic" => panic!("as asked"),
            "fail" => return Err("as asked".to_owned()),
            "close" => conn.disconnect(4242, "as asked").map_err(|error| error.to_string())?,
            "cut" => conn.server().disconnect(conn),
            "shutdown" => conn.server().shutdown(),
            _ => {}
        }
        // The first takes longest: were two to run at once, the second would be done before it.
        tokio::time::sleep(Duration::from_millis(u64::from(10 - count.0.min(10)))).await;
        count.0 += 1;
        book.note(format!("{} {text}", count.0));
        Ok(())
    }

    #[on(disconnect)]
    fn disconnect(close: &Close, count: Count, book: &Book) {
        book.note(format!(
            "disconnect {} {:?} by {} after {}",
            close.code(),
            close.reason(),
            close.by(),
            count.0
        ));
    }

    #[on(shutdown)]
    fn shutdown(server: &Server, book: &Book) {
        book.note(format!("shutdown with {}", server.connections().len()));
    }
}

/// A recorder that listens, and what it writes.
async fn record() -> Result<(TestServer, mpsc::UnboundedReceiver<String>)> {
    let (diary, lines) = mpsc::unbounded_channel();
    Ok((recorder::server().state(recorder::Book(diary)).test().await?, lines))
}

/// Connects, and reads over the three events that come before the first message.
async fn connect(server: &TestServer, lines: &mut mpsc::UnboundedReceiver<String>) -> Result<TestClient> {
    let client = server.connect("/").await?;
    for expected in ["connect", "handshake /", "ready true"] {
        assert_eq!(lines.recv().await.unwrap(), expected);
    }
    Ok(client)
}

#[tokio::test(start_paused = true)]
async fn a_connections_handlers_run_one_at_a_time_in_arrival_order() -> Result {
    let (server, mut lines) = record().await?;
    let mut client = connect(&server, &mut lines).await?;
    for number in 1..=40 {
        client.send_utf8(format!("m{number}")).await?;
    }
    for number in 1..=40 {
        assert_eq!(lines.recv().await.unwrap(), format!("{number} m{number}"));
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn messages_before_a_close_frame_are_handled_before_disconnect() -> Result {
    let (server, mut lines) = record().await?;
    let mut client = connect(&server, &mut lines).await?;
    for text in ["a", "b", "c"] {
        client.send_utf8(text).await?;
    }
    client.disconnect(1005, "").await?;
    for expected in ["1 a", "2 b", "3 c", "disconnect 1005 \"\" by the peer after 3"] {
        assert_eq!(lines.recv().await.unwrap(), expected);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn disconnect_tells_code_reason_and_whose_doing_it_was() -> Result {
    let cases = [
        ("close", 4242, "as asked", "disconnect 4242 \"as asked\" by this server after 1"),
        ("fail", 1011, "", "disconnect 1011 \"\" by an error of a handler after 0"),
        ("panic", 1011, "", "disconnect 1011 \"\" by a panic after 0"),
    ];
    for (text, code, reason, line) in cases {
        let (server, mut lines) = record().await?;
        let mut client = connect(&server, &mut lines).await?;
        client.send_utf8(text).await?;
        let frame = client.closed().await?;
        assert_eq!((frame.code, frame.reason.as_str()), (code, reason), "{text}");
        let mut seen = lines.recv().await.unwrap();
        if !seen.starts_with("disconnect") {
            seen = lines.recv().await.unwrap();
        }
        assert_eq!(seen, line, "{text}");
        assert_eq!(server.server().connections().len(), 0, "{text}");
        server.stop().await;
        assert_eq!(lines.recv().await.unwrap(), "shutdown with 0");
        assert_eq!(lines.recv().await, None, "{text}: `disconnect` ran once");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_cut_gets_no_close_frame_but_its_disconnect() -> Result {
    let (server, mut lines) = record().await?;
    let mut client = connect(&server, &mut lines).await?;
    client.send_utf8("cut").await?;
    assert_eq!(client.closed().await?.code, 1006);
    assert_eq!(lines.recv().await.unwrap(), "1 cut");
    assert_eq!(lines.recv().await.unwrap(), "disconnect 1006 \"\" by this server after 1");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn shutdown_runs_with_the_connections_still_there_and_closes_them_with_1001() -> Result {
    let (server, mut lines) = record().await?;
    let mut client = connect(&server, &mut lines).await?;
    let mut other = connect(&server, &mut lines).await?;
    other.send_utf8("shutdown").await?;
    assert_eq!((client.closed().await?.code, other.closed().await?.code), (1001, 1001));
    server.stop().await;
    let mut seen = Vec::new();
    while let Some(line) = lines.recv().await {
        seen.push(line);
    }
    assert!(seen.contains(&"shutdown with 2".to_owned()), "{seen:?}");
    let ends = seen.iter().filter(|line| line.starts_with("disconnect 1001 \"\" by shutdown")).count();
    assert_eq!(ends, 2, "{seen:?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_abrupt_end_is_1006_by_the_peer() -> Result {
    let (server, mut lines) = record().await?;
    let client = connect(&server, &mut lines).await?;
    drop(client);
    assert_eq!(lines.recv().await.unwrap(), "disconnect 1006 \"\" by the peer after 0");
    Ok(())
}

#[ws_server(silence_max = 20, origins = any)]
mod sleeper {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Gate(pub Notify);

    #[on(utf8)]
    async fn wait(text: &str, gate: &Gate) -> String {
        gate.0.notified().await;
        text.to_owned()
    }

    #[on(binary)]
    fn wake(gate: &Gate) {
        gate.0.notify_one();
    }
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_while_a_handler_awaits() -> Result {
    let server = sleeper::server().test().await?;
    let mut waiting = server.connect("/").await?;
    waiting.send_utf8("hello").await?;
    waiting.ping("still there?").await?;
    assert_eq!(waiting.pong().await?, "still there?");
    let mut waker = server.connect("/").await?;
    waker.send_binary(vec![1]).await?;
    assert_eq!(waiting.utf8().await?, "hello");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_pinged_then_cut() -> Result {
    let server = sleeper::server().test().await?;
    let mut raw = shake_hands(&server).await;
    let start = tokio::time::Instant::now();
    let mut frame = [0; 2];
    for seconds in [10, 20] {
        tokio::io::AsyncReadExt::read_exact(&mut raw, &mut frame).await.unwrap();
        assert_eq!(frame, [0x89, 0], "an empty ping");
        assert_eq!(start.elapsed().as_secs(), seconds);
    }
    assert_eq!(tokio::io::AsyncReadExt::read(&mut raw, &mut frame).await.unwrap_or(0), 0, "no close frame");
    assert_eq!(start.elapsed().as_secs(), 30);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn silence_is_measured_while_a_handler_awaits() -> Result {
    let server = sleeper::server().silence_max(2).test().await?;
    let mut raw = shake_hands(&server).await;
    let hello = [0x81, 0x82, 0, 0, 0, 0, b'h', b'i'];
    tokio::io::AsyncWriteExt::write_all(&mut raw, &hello).await.unwrap();
    let start = tokio::time::Instant::now();
    let mut rest = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut raw, &mut rest).await;
    assert_eq!(rest, [0x89, 0, 0x89, 0]);
    assert_eq!(start.elapsed().as_secs(), 3);
    Ok(())
}

#[ws_server]
mod pair {
    use super::*;

    pub(crate) static HERE: Mutex<Option<std::sync::Arc<tokio::sync::Barrier>>> = Mutex::new(None);

    #[on(utf8)]
    async fn meet() -> &'static str {
        let barrier = HERE.lock().unwrap().clone().unwrap();
        barrier.wait().await;
        "met"
    }
}

#[tokio::test(start_paused = true)]
async fn connections_run_side_by_side() -> Result {
    *pair::HERE.lock().unwrap() = Some(std::sync::Arc::new(tokio::sync::Barrier::new(2)));
    let server = pair::server().test().await?;
    let (mut one, mut two) = (server.connect("/").await?, server.connect("/").await?);
    one.send_utf8("").await?;
    two.send_utf8("").await?;
    assert_eq!((one.utf8().await?, two.utf8().await?), ("met".to_owned(), "met".to_owned()));
    Ok(())
}

#[ws_server]
mod replacing {
    use super::*;

    pub(crate) static ENDED: AtomicUsize = AtomicUsize::new(0);

    #[on(connect)]
    fn connect(conn: &Conn) {
        conn.on_handshake(|_, handshake| match handshake.path() {
            "/" => Ok(()),
            _ => Err(Reject::new(ws_runtime::http::StatusCode::NOT_FOUND)),
        });
        conn.on_ready(|conn| format!("ready {}", conn.is_ready()));
        conn.on_disconnect(|_, close| {
            assert_eq!(close.by(), ClosedBy::Peer);
            ENDED.fetch_add(1, Ordering::SeqCst);
        });
    }

    #[on(utf8)]
    fn declared(conn: &Conn, text: &str) -> String {
        let mut seen = 0;
        conn.on_utf8(move |_, text| {
            seen += 1;
            format!("replaced {text} {seen}")
        });
        conn.on_binary(|_, data| data.to_vec());
        format!("declared {text}")
    }
}

#[tokio::test(start_paused = true)]
async fn handlers_are_replaced_for_one_connection_while_it_runs() -> Result {
    let server = replacing::server().test().await?;
    let mut client = server.connect("/").await?;
    assert_eq!(client.utf8().await?, "ready true");
    client.send_utf8("a").await?;
    client.send_utf8("b").await?;
    client.send_utf8("c").await?;
    assert_eq!(client.utf8().await?, "declared a");
    assert_eq!(client.utf8().await?, "replaced b 1");
    assert_eq!(client.utf8().await?, "replaced c 2");
    client.send_binary(vec![1, 2]).await?;
    assert_eq!(client.binary().await?, vec![1, 2]);
    client.disconnect(1005, "").await?;
    client.closed().await?;
    server.stop().await;
    assert_eq!(replacing::ENDED.load(Ordering::SeqCst), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn ticks_added_at_run_time_never_burst() -> Result {
    let server = sleeper::server().test().await?;
    let (told, mut ticks) = mpsc::unbounded_channel();
    let start = tokio::time::Instant::now();
    server
        .server()
        .on_tick(Seconds::from(1), move |_| {
            let _ = told.send(start.elapsed());
        })
        .unwrap();
    for seconds in 1..=3 {
        assert_eq!(ticks.recv().await.unwrap().as_secs(), seconds);
    }
    assert!(server.server().on_tick(0, |_| {}).is_err());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn handlers_of_the_server_are_replaced_while_it_runs() -> Result {
    let (server, mut lines) = record().await?;
    let handle = server.server();
    let (told, mut heard) = mpsc::unbounded_channel();
    let of_shutdown = told.clone();
    let mut visitors = 0;
    handle.on_connect(move |conn| {
        visitors += 1;
        let _ = told.send(format!("visitor {visitors}"));
        conn.on_ready(|_| "as set in `connect`");
        if visitors == 2 { Err("one too many") } else { Ok(()) }
    });
    handle.on_shutdown(move |server| {
        let _ = of_shutdown.send(format!("shutdown with {}", server.connections().len()));
        server.broadcast_utf8("last words");
    });
    let mut client = server.connect("/").await?;
    assert_eq!(client.utf8().await?, "as set in `connect`");
    assert_eq!(heard.recv().await.unwrap(), "visitor 1");
    assert_eq!(server.connect("/").await.unwrap_err().status(), 0, "no answer");
    assert_eq!(heard.recv().await.unwrap(), "visitor 2");
    server.server().shutdown();
    assert_eq!(client.utf8().await?, "last words");
    assert_eq!(client.closed().await?.code, 1001);
    server.stop().await;
    assert_eq!(heard.recv().await.unwrap(), "shutdown with 1");
    assert_eq!(heard.recv().await, None);
    assert_eq!(lines.recv().await.unwrap(), "handshake /", "the declared `connect` was replaced");
    assert_eq!(lines.recv().await.unwrap(), "disconnect 1001 \"\" by shutdown after 0");
    assert_eq!(lines.recv().await, None, "and so was `shutdown`");
    Ok(())
}

#[ws_server]
mod stalling {
    use super::*;

    #[state]
    pub struct Told(pub mpsc::UnboundedSender<u64>, pub tokio::time::Instant);

    #[tick(period = 1)]
    async fn tick(told: &Told) {
        let second = told.1.elapsed().as_secs();
        let _ = told.0.send(second);
        if second == 1 {
            tokio::time::sleep(Duration::from_millis(5500)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_stalls_does_not_catch_up() -> Result {
    let (told, mut ticks) = mpsc::unbounded_channel();
    let told = stalling::Told(told, tokio::time::Instant::now());
    let _running = stalling::server().state(told).test().await?;
    // It ends after six and a half seconds: one is due, five are not made up for.
    for second in [1, 6, 7, 8, 9] {
        assert_eq!(ticks.recv().await.unwrap(), second);
    }
    Ok(())
}

#[ws_server]
mod keeper {
    use super::*;

    #[state]
    pub struct Keepsake(pub Arc<()>);

    #[on(ready)]
    fn ready(conn: &Conn, keepsake: &Keepsake) -> &'static str {
        let held = (conn.clone(), Arc::clone(&keepsake.0));
        conn.on_utf8(move |_, _| {
            let _ = &held;
        });
        "ready"
    }
}

#[tokio::test(start_paused = true)]
async fn a_replaced_handler_that_holds_its_own_connection_goes_with_it() -> Result {
    let keepsake = Arc::new(());
    let server = keeper::server().state(keeper::Keepsake(Arc::clone(&keepsake))).test().await?;
    let mut client = server.connect("/").await?;
    assert_eq!(client.utf8().await?, "ready");
    assert_eq!(Arc::strong_count(&keepsake), 3, "this test, the state, the handler");
    drop(client);
    server.advance(0).await;
    assert_eq!(Arc::strong_count(&keepsake), 2, "the handler is dropped");
    Ok(())
}
