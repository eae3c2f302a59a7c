//! `try_send`, which gives a message back, and `#[on(drain)]`, which runs when the peer has read all that waited.

use std::sync::Mutex;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestClient, TestServer};
use ws_runtime::{Message, SendError, TrySendError};

#[ws_server(origins = any, max_outbox = 10_000, silence_max = 0)]
mod viewer {
    use super::*;

    #[push]
    #[derive(Debug, PartialEq, Serialize)]
    pub struct Moved {
        pub x: u32,
        pub to: String,
    }

    /// A push that counts how often it is serialised.
    #[push]
    pub struct Counted(pub std::sync::Arc<Mutex<u32>>);

    impl Serialize for Counted {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
            *self.0.lock().unwrap() += 1;
            serializer.serialize_str(&"x".repeat(500))
        }
    }

    #[push]
    pub struct Broken;

    impl Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no"))
        }
    }

    #[state]
    pub struct Log(pub mpsc::UnboundedSender<String>);

    #[session]
    #[derive(Default)]
    pub struct Viewer {
        drains: u32,
    }

    #[on("hello")]
    fn hello() {}

    #[on(utf8)]
    async fn text(text: &str, conn: &Conn, log: &Log) -> Option<String> {
        let _ = log.0.send(format!("text {text}"));
        match text {
            "fill" => while conn.try_send_binary(vec![0; 1_000]).is_ok() {},
            "wait" => tokio::time::sleep(Duration::from_secs(1)).await,
            "closure" => {
                let log = log.0.clone();
                conn.on_drain(move |_| {
                    let _ = log.send("closure".to_owned());
                });
            }
            _ => return Some(text.to_owned()),
        }
        None
    }

    #[on(drain)]
    fn drain(viewer: &mut Viewer, conn: &Conn, log: &Log) -> String {
        viewer.drains += 1;
        let _ = log.0.send(format!("drain {}", viewer.drains));
        format!("drain {}, {}", viewer.drains, conn.is_ready())
    }

    #[on(disconnect)]
    fn disconnect(log: &Log) {
        let _ = log.0.send("disconnect".to_owned());
    }
}

async fn stuck(slow: &str) -> Result<(TestServer, TestClient, Conn, mpsc::UnboundedReceiver<String>)> {
    let (log, lines) = mpsc::unbounded_channel();
    let server = viewer::server().state(viewer::Log(log)).slow(slow).test().await?;
    let mut client = server.connect("/").buffer(500).await?;
    let conn = server.server().connections()[0].clone();
    client.stop_reading();
    Ok((server, client, conn, lines))
}

fn fill(conn: &Conn) -> usize {
    (0..).take_while(|_| conn.try_send_binary(vec![0; 1_000]).is_ok()).count()
}

fn lines(log: &mut mpsc::UnboundedReceiver<String>) -> Vec<String> {
    std::iter::from_fn(|| log.try_recv().ok()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_message_that_has_no_room_comes_back_and_the_peer_stays_whatever_slow_is() -> Result {
    for slow in ["close", "drop_newest", "drop_oldest"] {
        let (server, mut client, conn, _lines) = stuck(slow).await?;
        let taken = fill(&conn);
        assert!((9..=11).contains(&taken), "{taken}");
        let text = "x".repeat(5_000);
        let place = text.as_ptr();
        let back = conn.try_send_utf8(text).unwrap_err();
        assert!(back.is_full());
        assert_eq!(back.into_inner().as_str().as_ptr(), place, "not copied");
        let moved = |x| viewer::Moved { x, to: "y".repeat(1_000) };
        let back = conn.try_send(moved(7)).unwrap_err();
        assert_eq!(
            back.to_string(),
            "cannot send now: the peer reads slowly, and its outbox has no room for the message"
        );
        assert_eq!(back.into_inner(), moved(7));
        let TrySendError::Full(Message::Binary(data)) =
            conn.try_send(Message::Binary(vec![1; 2_000].into())).unwrap_err()
        else {
            panic!()
        };
        assert_eq!(data.as_slice(), [1; 2_000]);
        server.advance(0.001).await;
        assert!(conn.is_ready(), "{slow}");
        client.start_reading();
        for _ in 0..taken {
            assert_eq!(client.binary().await?, [0; 1_000][..], "none of these is dropped");
        }
        assert_eq!(client.utf8().await?, "drain 1, true");
        assert!(conn.try_send(moved(7)).is_ok());
        assert_eq!(client.expect::<serde_json::Value>("moved").await?["x"], 7);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sent_at_all_comes_back_with_the_reason() -> Result {
    let (server, mut client, conn, _lines) = stuck("close").await?;
    conn.set_max_send_size(100)?;
    let TrySendError::Refused { message, error } = conn.try_send_utf8("x".repeat(101)).unwrap_err() else {
        panic!()
    };
    assert_eq!((message.as_str().len(), error), (101, SendError::TooLarge { size: 101, max: 100 }));
    let back = conn.try_send(viewer::Broken).unwrap_err();
    assert!(matches!(&back, TrySendError::Refused { error: SendError::NotJson { .. }, .. }), "{back:?}");
    let back = conn.try_send(Message::Ping(vec![0; 126].into())).unwrap_err();
    assert!(matches!(back, TrySendError::Refused { error: SendError::ControlTooLarge { size: 126 }, .. }));
    conn.disconnect(4000, "")?;
    let back = conn.try_send_binary(vec![1]).unwrap_err();
    assert!(matches!(back, TrySendError::Gone(_)));
    client.start_reading();
    client.closed().await?;
    server.stop().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_push_is_serialised_once_for_each_call() -> Result {
    let (_server, _client, conn, _lines) = stuck("close").await?;
    let count = std::sync::Arc::new(Mutex::new(0));
    let mut calls = 0;
    while conn.try_send(viewer::Counted(count.clone())).is_ok() {
        calls += 1;
    }
    assert_eq!(*count.lock().unwrap(), calls + 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn drain_runs_once_for_each_time_in_order_with_the_other_handlers() -> Result {
    let (server, mut client, conn, mut log) = stuck("drop_newest").await?;
    for round in 1..=3 {
        client.stop_reading();
        let taken = fill(&conn);
        fill(&conn);
        assert!(conn.send_binary(vec![0; 9_000]).is_err());
        server.advance(1).await;
        assert_eq!(lines(&mut log), [""; 0], "not before the peer has read");
        client.start_reading();
        for _ in 0..taken {
            client.binary().await?;
        }
        assert_eq!(client.utf8().await?, format!("drain {round}, true"));
        client.send_utf8("next").await?;
        assert_eq!(client.utf8().await?, "next");
        assert_eq!(lines(&mut log), [format!("drain {round}"), "text next".to_owned()]);
    }
    // Nothing was missed since.
    conn.send_utf8("more")?;
    assert_eq!(client.utf8().await?, "more");
    client.expect_nothing().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn drain_waits_for_a_handler_that_runs() -> Result {
    let (_server, mut client, conn, mut log) = stuck("drop_oldest").await?;
    client.send_utf8("fill").await?;
    client.send_utf8("wait").await?;
    client.start_reading();
    conn.flushed().await?;
    assert_eq!(lines(&mut log), ["text fill", "text wait"], "the handler sleeps for a second");
    client.set_patience(3);
    loop {
        if let ws_runtime::test::Message::Utf8(text) = client.next().await? {
            assert_eq!(text, "drain 1, true");
            break;
        }
    }
    assert_eq!(lines(&mut log), ["drain 1"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn drain_does_not_run_once_the_connection_closes() -> Result {
    let (_server, mut client, conn, mut log) = stuck("drop_newest").await?;
    fill(&conn);
    conn.disconnect(4000, "")?;
    client.start_reading();
    while client.next().await.is_ok() {}
    client.closed().await?;
    assert_eq!(lines(&mut log), ["disconnect"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_closure_replaces_the_drain_handler() -> Result {
    let (server, mut client, conn, mut log) = stuck("drop_newest").await?;
    client.send_utf8("closure").await?;
    client.send_utf8("fill").await?;
    server.advance(0.001).await;
    client.start_reading();
    conn.flushed().await?;
    server.advance(0.001).await;
    assert_eq!(lines(&mut log), ["text closure", "text fill", "closure"]);
    Ok(())
}

#[ws_server(origins = any, max_outbox = 2_000, silence_max = 0)]
mod greeting {
    use super::*;

    #[state]
    pub struct Begun(pub mpsc::UnboundedSender<Conn>);

    #[on(ready)]
    async fn ready(conn: &Conn, begun: &Begun) -> &'static str {
        let _ = begun.0.send(conn.clone());
        tokio::time::sleep(Duration::from_secs(1)).await;
        "ready"
    }

    #[on(drain)]
    fn drain() -> &'static str {
        "drain"
    }
}

#[tokio::test(start_paused = true)]
async fn drain_follows_ready_and_what_was_held_back() -> Result {
    let (begun, mut conns) = mpsc::unbounded_channel();
    let server = greeting::server().state(greeting::Begun(begun)).test().await?;
    let mut client = server.connect("/").await?;
    let conn = conns.recv().await.unwrap();
    let taken = fill(&conn);
    assert_eq!(taken, 1);
    client.set_patience(5);
    assert_eq!(client.utf8().await?, "ready");
    assert_eq!(client.binary().await?.len(), 1_000);
    assert_eq!(client.utf8().await?, "drain");
    client.expect_nothing().await?;
    Ok(())
}

/// As the documentation of `try_send` shows it.
#[ws_server(origins = any, max_outbox = 2_000, silence_max = 0)]
mod editor {
    use super::*;

    #[push]
    #[derive(Serialize)]
    pub struct Moved {
        pub x: u32,
        pub trail: String,
    }

    /// The last position, if the peer has not got it.
    #[session]
    #[derive(Default)]
    pub struct Viewer {
        late: Option<Moved>,
    }

    impl Viewer {
        pub fn show(&mut self, conn: &Conn, moved: Moved) {
            if let Err(TrySendError::Full(moved)) = conn.try_send(moved) {
                self.late = Some(moved);
            }
        }
    }

    #[on("move")]
    fn follow(Json(x): Json<u32>, viewer: &mut Viewer, conn: &Conn) {
        viewer.show(conn, Moved { x, trail: ".".repeat(500) });
    }

    #[on(drain)]
    fn catch_up(viewer: &mut Viewer, conn: &Conn) {
        if let Some(moved) = viewer.late.take() {
            viewer.show(conn, moved);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_gets_the_last_position_once_it_reads_again() -> Result {
    let server = editor::server().test().await?;
    let mut client = server.connect("/").buffer(100).await?;
    client.stop_reading();
    for x in 0..20 {
        client.notify("move", x).await?;
    }
    server.advance(0.001).await;
    client.start_reading();
    let mut last = 0;
    while last < 19 {
        let x = client.expect::<serde_json::Value>("moved").await?["x"].as_u64().unwrap();
        assert!(x == last + 1 || x == 19 || x == 0, "{x} after {last}");
        last = x;
    }
    Ok(())
}
