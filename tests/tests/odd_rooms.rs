//! Rooms whose handlers misbehave, and peers that come and leave at odd moments.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};

type Lines = Arc<Mutex<Vec<String>>>;

#[ws_server(listen = "127.0.0.1:0", handshake_timeout = 10, shutdown_timeout = 5)]
mod arcade {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Log {
        pub lines: Lines,
        pub guards: AtomicUsize,
    }

    impl Log {
        pub fn note(&self, line: impl Into<String>) {
            self.lines.lock().unwrap().push(line.into());
        }
    }

    #[identity]
    struct User {
        _name: String,
    }

    #[on(handshake)]
    fn who(request: &Handshake, log: &Log) -> Option<User> {
        let name = request.query()?.strip_prefix("name=")?.to_owned();
        log.note("who");
        Some(User { _name: name })
    }

    /// Its `create` does what the path says.
    #[route("/made/{how}")]
    mod made {
        use super::*;

        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum How {
            Well,
            Err,
            Panic,
            Hang,
            Slow,
            Cut,
            Ask,
            Later,
        }

        #[room]
        struct Made {
            notes: Vec<String>,
        }

        #[on(create)]
        async fn create(
            Path(how): Path<How>,
            conn: &Conn,
            rooms: Rooms<Made>,
            log: &Log,
        ) -> std::result::Result<Made, Reject> {
            log.note("create");
            let mut notes = Vec::new();
            match how {
                How::Well => {}
                How::Err => return Err(Reject::new(ws_runtime::http::StatusCode::IM_A_TEAPOT)),
                How::Panic => panic!("create panics"),
                How::Hang => std::future::pending().await,
                How::Slow => sleep(Duration::from_secs(3)).await,
                How::Cut => {
                    let _ = conn.disconnect(1000, "");
                    conn.server().disconnect(conn);
                }
                How::Ask => {
                    let path = conn.room().unwrap().path().to_owned();
                    let (own, len) = (rooms.get(&path).is_some(), rooms.len());
                    notes.push(format!(
                        "{own} {len} {} {}",
                        rooms.iter().count(),
                        conn.room().unwrap().len()
                    ));
                }
                How::Later => {
                    let room = conn.room().unwrap();
                    assert!(room.is_empty());
                    room.broadcast_utf8("nobody");
                }
            }
            Ok(Made { notes })
        }

        #[on("notes")]
        fn notes(made: &Made) -> Vec<String> {
            made.notes.clone()
        }

        #[on(disconnect)]
        fn bye(log: &Log) {
            log.note("bye");
        }

        #[on(empty)]
        fn close(_made: Made, log: &Log) {
            log.note("empty");
        }
    }
}

async fn arcade() -> (TestServer, Lines) {
    let lines = Lines::default();
    let log = arcade::Log { lines: Arc::clone(&lines), guards: AtomicUsize::new(0) };
    (arcade::server().state(log).test().await.unwrap(), lines)
}

fn taken(lines: &Lines) -> Vec<String> {
    std::mem::take(&mut lines.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn create_may_fail_in_every_way() -> Result {
    let (server, lines) = arcade().await;
    for (how, status) in [("err", 418), ("panic", 500), ("hang", 408), ("no", 404)] {
        for _ in 0..2 {
            let refused = server.connect(format!("/made/{how}")).await.unwrap_err();
            assert_eq!(refused.status(), status, "{how}");
        }
        let creates = if how == "no" { 0 } else { 2 };
        assert_eq!(taken(&lines), vec!["create"; creates], "{how}");
    }
    assert!(server.connect("/made/cut").await.is_err());
    server.advance(1.0).await;
    assert_eq!(taken(&lines), ["create", "empty"]);
    let mut ann = server.connect("/made/ask").await?;
    assert_eq!(ann.call::<Value>("notes", ()).await?, json!(["false 0 0 0"]));
    let bob = server.connect("/made/later").await?;
    drop((ann, bob));
    server.advance(1.0).await;
    assert_eq!(taken(&lines), ["create", "create", "bye", "bye", "empty", "empty"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_gives_up_while_it_is_admitted_leaves_nothing() -> Result {
    let (server, lines) = arcade().await;
    // The one that makes the room is gone before it has it: its create goes on, and the next one comes to the same
    // room.
    let first = server.connect("/made/slow");
    let second = server.connect("/made/slow");
    let gone = tokio::time::timeout(Duration::from_secs(1), first).await;
    assert!(gone.is_err());
    let second = second.await?;
    assert_eq!(server.server().connections().len(), 1);
    drop(second);
    server.advance(1.0).await;
    let lines = taken(&lines);
    assert_eq!(
        lines.iter().filter(|line| *line == "create").count(),
        lines.iter().filter(|line| *line == "empty").count(),
        "{lines:?}"
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_while_create_hangs_get_their_turn() -> Result {
    let (server, lines) = arcade().await;
    let begun = tokio::time::Instant::now();
    let connect = || {
        let connecting = server.connect("/made/hang");
        async move { connecting.await.unwrap_err().status() }
    };
    let (a, b, c) = tokio::join!(connect(), connect(), connect());
    assert_eq!([a, b, c], [408, 408, 408]);
    assert_eq!(begun.elapsed().as_secs(), 10);
    server.advance(1.0).await;
    let (mut count, mut joined) = (0, tokio::task::JoinSet::new());
    let server = Arc::new(server);
    for _ in 0..70 {
        let server = Arc::clone(&server);
        joined.spawn(async move { server.connect("/made/hang").await.unwrap_err().status() });
    }
    while let Some(status) = joined.join_next().await {
        count += usize::from(status.unwrap() == 503);
    }
    assert_eq!(count, 70 - 65);
    assert!(taken(&lines).iter().all(|line| line == "create"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_server_stops_while_create_runs_and_others_wait_for_it() {
    let (server, lines) = arcade().await;
    let server = Arc::new(server);
    let mut joined = tokio::task::JoinSet::new();
    for _ in 0..65 {
        let server = Arc::clone(&server);
        joined.spawn(async move { server.connect("/made/hang").await.unwrap_err().status() });
    }
    sleep(Duration::from_secs(1)).await;
    let begun = tokio::time::Instant::now();
    server.server().shutdown();
    while let Some(status) = joined.join_next().await {
        assert_eq!(status.unwrap(), 503);
    }
    assert_eq!(begun.elapsed().as_secs(), 0);
    Arc::into_inner(server).unwrap().stop().await;
    assert_eq!(begun.elapsed().as_secs(), 0);
    assert_eq!(taken(&lines), ["create"]);
}

/// A server whose `empty` misbehaves.
#[ws_server(listen = "127.0.0.1:0", handshake_timeout = 10, shutdown_timeout = 5)]
mod ends {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Seen {
        pub lines: Lines,
        pub kept: Mutex<Vec<Conn>>,
        pub back: Mutex<Option<tokio::sync::mpsc::UnboundedSender<&'static str>>>,
    }

    impl Seen {
        pub fn note(&self, line: impl Into<String>) {
            self.lines.lock().unwrap().push(line.into());
        }
    }

    #[room(open)]
    #[derive(Default)]
    pub struct Hall {
        value: u64,
        me: Option<Room<Hall>>,
        dropped: Option<OnDrop>,
    }

    pub struct OnDrop(Lines);

    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.lock().unwrap().push("dropped".into());
        }
    }

    #[on(ready)]
    fn keep(hall: &mut Hall, room: &Room<Hall>, conn: &Conn, seen: &Seen) {
        // Handles of itself within it.
        hall.me = Some(room.clone());
        hall.dropped.get_or_insert_with(|| OnDrop(Arc::clone(&seen.lines)));
        seen.kept.lock().unwrap().push(conn.clone());
    }

    #[on("count")]
    fn count(hall: &mut Hall) -> u64 {
        hall.value += 1;
        hall.value
    }

    #[on("panic")]
    fn fail(hall: &mut Hall) {
        hall.value += 100;
        panic!("with the room");
    }

    #[on("later")]
    fn later(room: &Room<Hall>, seen: &Seen) -> usize {
        let lines = Arc::clone(&seen.lines);
        (0..1030).filter(|_| room.later(|hall| hall.value += 1)).count()
            + usize::from(room.later(move |_| lines.lock().unwrap().push("too many".into())))
    }

    #[on("panics")]
    async fn panics(room: Room<Hall>) -> (bool, Option<u64>) {
        let inner = room.clone();
        let panicked =
            tokio::spawn(async move { inner.with(|_| panic!("within with")).await }).await.is_err();
        (panicked, room.with(|hall| hall.value).await)
    }

    /// One future of `with` within the call of another.
    #[on("nested")]
    async fn nested(room: &Room<Hall>) -> Option<bool> {
        let within = room.with(|_| {
            let mut inner = std::pin::pin!(room.with(|hall| hall.value));
            let cx = &mut std::task::Context::from_waker(std::task::Waker::noop());
            inner.as_mut().poll(cx).is_pending()
        });
        within.await
    }

    #[on(disconnect)]
    fn bye(hall: &mut Hall, room: &Room<Hall>, seen: &Seen) {
        let lines = Arc::clone(&seen.lines);
        let deeper = room.clone();
        assert!(room.later(move |hall| {
            hall.value += 1;
            let more = deeper.later(|_| ());
            lines.lock().unwrap().push(format!("later, and {more}"));
        }));
        seen.note(format!("bye {} {}", hall.value, room.len()));
    }

    #[on(empty)]
    async fn close(hall: &mut Hall, room: Room<Hall>, halls: Rooms<Hall>, seen: &Seen) {
        let path = room.path();
        seen.note(format!(
            "empty {path} {} {} {} {:?}",
            halls.len(),
            halls.get(path).is_some(),
            room.later(|_| ()),
            room.with(|_| ()).await
        ));
        hall.value = 7;
        match path {
            "/panic" => panic!("empty panics"),
            "/hang" => std::future::pending().await,
            "/slow" => sleep(Duration::from_secs(3)).await,
            _ => {}
        }
        seen.note("emptied");
    }
}

async fn ends() -> (TestServer, Lines) {
    let lines = Lines::default();
    let seen = ends::Seen { lines: Arc::clone(&lines), ..ends::Seen::default() };
    (ends::server().state(seen).test().await.unwrap(), lines)
}

#[tokio::test(start_paused = true)]
async fn empty_may_end_in_every_way() -> Result {
    let (server, lines) = ends().await;
    for path in ["/well", "/panic", "/hang", "/slow"] {
        let mut ann = server.connect(path).await?;
        assert_eq!(ann.call::<u64>("count", ()).await?, 1, "{path}");
        ann.disconnect(1000, "").await?;
        ann.closed().await?;
        // Who comes now waits for `empty`, and gets a new room.
        let begun = tokio::time::Instant::now();
        let bob = server.connect(path).await;
        let waited = begun.elapsed().as_secs();
        let mut expected =
            vec!["bye 1 0".to_owned(), "later, and true".into(), format!("empty {path} 0 false false None")];
        if path == "/well" || path == "/slow" {
            expected.push("emptied".into());
        }
        match path {
            "/hang" => {
                assert_eq!((bob.unwrap_err().status(), waited), (408, 10));
                server.advance(20.0).await;
            }
            _ => {
                assert_eq!(bob?.call::<u64>("count", ()).await?, 1, "{path}");
                assert_eq!(waited, if path == "/slow" { 3 } else { 0 });
            }
        }
        expected.push("dropped".into());
        let all = taken(&lines);
        assert_eq!(all[..expected.len()], expected, "{path}");
        server.advance(40.0).await;
        taken(&lines);
        assert!(server.server().rooms::<ends::Hall>().is_empty());
        let mut ann = server.connect(path).await?;
        assert_eq!(ann.call::<u64>("count", ()).await?, 1, "{path}");
        drop(ann);
        server.advance(40.0).await;
        taken(&lines);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_panic_under_the_lock_leaves_the_room_as_it_was_left() -> Result {
    let (server, _lines) = ends().await;
    let (mut ann, mut bob) = (server.connect("/a").await?, server.connect("/a").await?);
    assert_eq!(ann.call::<u64>("count", ()).await?, 1);
    ann.notify("panic", ()).await?;
    assert_eq!(ann.closed().await?.code, 1011);
    assert_eq!(bob.call::<u64>("count", ()).await?, 1 + 100 + 1 + 1, "also the call of `later`");
    assert_eq!(bob.call::<Value>("panics", ()).await?, json!([true, 103]));
    assert_eq!(bob.call::<Value>("nested", ()).await?, json!(true));
    assert_eq!(bob.call::<u64>("later", ()).await?, 1024);
    server.advance(0.1).await;
    assert_eq!(bob.call::<u64>("count", ()).await?, 103 + 1024 + 1);
    Ok(())
}
