//! The handlers that take a room, and those that run for one: what they get, when they run, who waits for whom.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use ws_runtime::Running;
use ws_runtime::event::{FromContext, WithConn, WithRoom};
use ws_runtime::prelude::*;
use ws_runtime::test::Result;
use ws_tests::frame::frame;

type Lines = Arc<Mutex<Vec<String>>>;

/// The last part of the path of a room.
struct Name(String);

impl<'a, C: WithRoom<'a>> FromContext<'a, C> for Name {
    fn from_context(context: &mut C) -> std::result::Result<Self, Reject> {
        let room = context.room().ok_or_else(Reject::not_found)?;
        Ok(Self(room.path().rsplit('/').next().unwrap_or_default().to_owned()))
    }
}

/// The path of the room, by way of the connection.
struct RoomPath(String);

impl<'a, C: WithConn<'a>> FromContext<'a, C> for RoomPath {
    fn from_context(context: &mut C) -> std::result::Result<Self, Reject> {
        let room = context.conn().room().ok_or_else(Reject::not_found)?;
        Ok(Self(room.path().to_owned()))
    }
}

/// A server without routes: each path that is asked for is a room.
#[ws_server(listen = "127.0.0.1:0")]
mod halls {
    use futures_util::stream;

    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Log {
        pub lines: Lines,
    }

    impl Log {
        fn note(&self, line: impl Into<String>) {
            self.lines.lock().unwrap().push(line.into());
        }
    }

    #[state]
    #[derive(Default)]
    struct Totals {
        moves: u64,
    }

    #[session]
    #[derive(Default)]
    struct Seat {
        clock: Timer,
        moves: u64,
    }

    #[room(keep = 10)]
    struct Hall {
        moves: u64,
        is_open: bool,
        clocks: Vec<Timer>,
        ticks: u64,
    }

    type Mine<'a> = &'a mut Hall;

    #[on(create)]
    async fn create(request: &Handshake, conn: &Conn, log: &Log) -> std::result::Result<Hall, Reject> {
        if request.path() == "/none" {
            return Err(Reject::not_found());
        }
        log.note(format!("create {} {}", request.path(), conn.is_ready()));
        Ok(Hall { moves: 0, is_open: true, clocks: vec![Timer::default(); 2], ticks: 0 })
    }

    #[on(handshake)]
    fn enter(hall: &Hall, name: Name) -> std::result::Result<Seat, Reject> {
        if !hall.is_open {
            return Err(Reject::forbidden().text(format!("{} is closed", name.0)));
        }
        Ok(Seat::default())
    }

    #[on(ready)]
    fn hello(hall: &mut Hall, path: RoomPath) -> Json<Value> {
        hall.moves += 1;
        Json(json!({"type": "hello", "data": [path.0, hall.moves]}))
    }

    #[on(utf8)]
    fn said(text: &str, hall: Mine<'_>, seat: &mut Seat, totals: &mut Totals) -> String {
        hall.moves += 1;
        seat.moves += 1;
        totals.moves += 1;
        format!("{text} {} {} {}", hall.moves, seat.moves, totals.moves)
    }

    #[on(binary)]
    fn data(data: &[u8], hall: &Hall) -> Vec<u8> {
        [data, &hall.moves.to_be_bytes()[7..]].concat()
    }

    #[on("move", guard = is_open)]
    fn play(Json(count): Json<u64>, hall: &mut Hall) -> u64 {
        hall.moves += count;
        hall.moves
    }

    #[on("close")]
    fn shut(hall: &mut Hall, seat: &mut Seat, room: &Room<Hall>) {
        hall.is_open = false;
        seat.clock.start(3);
        // The lock is taken: it runs after this handler.
        assert!(room.later(|hall| hall.moves += 100));
    }

    #[on("moves")]
    fn moves(hall: &Hall) -> u64 {
        hall.moves
    }

    #[on("ring")]
    fn ring(Json((index, seconds)): Json<(usize, u64)>, hall: &mut Hall) {
        hall.clocks[index].start(seconds);
    }

    /// Borrows nothing: it is called under the lock.
    #[on("count")]
    fn count(Json(most): Json<u64>, hall: &mut Hall) -> impl Stream<Item = u64> + use<> {
        hall.moves += 1;
        stream::iter((0..most).collect::<Vec<_>>())
    }

    #[on("peers")]
    async fn peers(room: Room<Hall>, halls: Rooms<Hall>) -> (usize, usize, Option<u64>) {
        (room.len(), halls.len(), room.with(|hall| hall.moves).await)
    }

    fn is_open(hall: &mut Hall) -> std::result::Result<(), Reject> {
        hall.moves += 1;
        if hall.is_open { Ok(()) } else { Err(Reject::forbidden().with_code("closed")) }
    }

    #[timer(Seat.clock)]
    fn reopened(hall: &mut Hall, log: &Log, name: Name) {
        hall.is_open = true;
        log.note(format!("reopened {}", name.0));
    }

    #[timer(clocks)]
    fn rang(index: usize, hall: &mut Hall, log: &Log, room: &Room) {
        assert!(!hall.clocks[index].is_running(), "it is off before its handler runs");
        log.note(format!("rang {index} in {} of {}", room.path(), room.len()));
    }

    #[tick(period = 60)]
    fn minute(hall: &mut Hall, log: &Log, name: Name) {
        hall.ticks += 1;
        log.note(format!("minute {} in {}", hall.ticks, name.0));
    }

    #[tick(period = 60)]
    fn of_the_server(halls: Rooms<Hall>, log: &Log) {
        log.note(format!("{} halls", halls.len()));
    }

    #[on(disconnect)]
    fn bye(hall: &mut Hall, seat: Seat, log: &Log) {
        hall.moves += 1000;
        log.note(format!("bye {}", seat.moves));
    }

    #[on(empty)]
    async fn empty(hall: &mut Hall, room: &Room<Hall>, log: &Log) {
        tokio::task::yield_now().await;
        log.note(format!("empty {} after {}", room.path(), hall.moves));
    }
}

fn halls() -> (impl Future<Output = ws_runtime::test::TestServer>, Lines) {
    let lines = Lines::default();
    let log = halls::Log { lines: Arc::clone(&lines) };
    (async { halls::server().state(log).test().await.unwrap() }, lines)
}

fn taken(lines: &Lines) -> Vec<String> {
    std::mem::take(&mut *lines.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn each_path_of_a_server_without_routes_is_a_room_of_its_own() -> Result {
    let (server, lines) = halls();
    let server = server.await;
    let mut ann = server.connect("/red").await?;
    assert_eq!(ann.expect::<Value>("hello").await?, json!(["/red", 1]));
    let mut bob = server.connect("/red").await?;
    assert_eq!(bob.expect::<Value>("hello").await?, json!(["/red", 2]));
    let mut eve = server.connect("/blue").await?;
    assert_eq!(eve.expect::<Value>("hello").await?, json!(["/blue", 1]));
    assert_eq!(taken(&lines), ["create /red false", "create /blue false"]);

    assert_eq!(server.connect("/none").await.unwrap_err().status(), 404);
    let peers: (usize, usize, Option<u64>) = ann.call("peers", ()).await?;
    assert_eq!(peers, (2, 2, Some(2)));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_handler_takes_the_room_beside_the_session_and_the_states() -> Result {
    let (server, _) = halls();
    let server = server.await;
    let (mut ann, mut bob) = (server.connect("/red").await?, server.connect("/red").await?);
    ann.expect::<Value>("hello").await?;
    bob.expect::<Value>("hello").await?;
    ann.send_utf8("one").await?;
    assert_eq!(ann.utf8().await?, "one 3 1 1");
    bob.send_utf8("two").await?;
    assert_eq!(bob.utf8().await?, "two 4 1 2");
    bob.send_binary("moves: ").await?;
    assert_eq!(bob.binary().await?, "moves: \x04");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_guard_takes_the_room_and_releases_it_before_the_handler_takes_it() -> Result {
    let (server, _) = halls();
    let server = server.await;
    let mut ann = server.connect("/red").await?;
    ann.expect::<Value>("hello").await?;
    assert_eq!(ann.call::<u64>("move", 5).await?, 7, "one by ready, one by the guard, five by the handler");
    ann.call::<()>("close", ()).await?;
    let refused = ann.call::<u64>("move", 5).await.unwrap_err();
    assert_eq!(refused.code(), Some("closed"));
    assert_eq!(
        ann.call::<u64>("moves", ()).await?,
        108,
        "the guard ran, the handler did not; `later` ran in between"
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_handshake_looks_at_the_room_and_a_timer_of_a_session_changes_it() -> Result {
    let (server, lines) = halls();
    let server = server.await;
    let mut ann = server.connect("/red").await?;
    ann.call::<()>("close", ()).await?;
    let refusal = server.connect("/red").await.unwrap_err();
    assert_eq!((refusal.status(), refusal.text()), (403, "red is closed".to_owned()));
    server.connect("/blue").await?;
    server.advance(3.0).await;
    server.connect("/red").await?;
    assert!(taken(&lines).contains(&"reopened red".to_owned()));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn timers_and_ticks_run_for_each_room_also_while_it_is_kept() -> Result {
    let (server, lines) = halls();
    let server = server.await;
    let mut ann = server.connect("/red").await?;
    let mut eve = server.connect("/blue").await?;
    ann.call::<()>("ring", (1, 5)).await?;
    ann.call::<()>("ring", (0, 7)).await?;
    eve.call::<()>("ring", (0, 6)).await?;
    ann.disconnect(1000, "").await?;
    ann.closed().await?;
    assert_eq!(taken(&lines), ["create /red false", "create /blue false", "bye 0"]);
    server.advance(8.0).await;
    assert_eq!(taken(&lines), ["rang 1 in /red of 0", "rang 0 in /blue of 1", "rang 0 in /red of 0"]);
    server.advance(3.0).await;
    assert_eq!(taken(&lines), ["empty /red after 1001"]);
    server.advance(50.0).await;
    let mut at_the_minute = taken(&lines);
    at_the_minute.sort();
    assert_eq!(at_the_minute, ["1 halls", "minute 1 in blue"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_handler_whose_stream_borrows_nothing_takes_the_room() -> Result {
    let (server, _) = halls();
    let server = server.await;
    let mut ann = server.connect("/red").await?;
    ann.expect::<Value>("hello").await?;
    let mut numbers = Vec::new();
    let mut stream = ann.stream::<u64>("count", 3).await?;
    while let Some(number) = stream.next().await? {
        numbers.push(number);
    }
    assert_eq!(numbers, [0, 1, 2]);
    assert_eq!(ann.call::<u64>("moves", ()).await?, 2);
    Ok(())
}

/// Rooms whose handlers can be stopped while they have the room.
#[ws_server(listen = "127.0.0.1:0", max_connections = 10)]
mod stages {
    use super::*;

    #[state]
    pub struct Doors {
        pub has_room: Sender<()>,
        pub go_on: Mutex<Receiver<()>>,
        pub ready: AtomicUsize,
    }

    #[room(open)]
    #[derive(Default)]
    struct Stage {
        lines: String,
    }

    #[on(ready)]
    fn hello(stage: &Stage, doors: &Doors) -> String {
        doors.ready.fetch_add(1, Ordering::SeqCst);
        format!("so far: {}", stage.lines)
    }

    #[on(utf8, rate = 1)]
    fn said(text: &str, stage: &mut Stage, room: &Room, doors: &Doors) {
        if text == "block" {
            doors.has_room.send(()).unwrap();
            let go_on = doors.go_on.lock().unwrap_or_else(PoisonError::into_inner);
            go_on.recv_timeout(Duration::from_secs(20)).unwrap();
        }
        stage.lines.push_str(text);
        room.broadcast_utf8(format!("line: {text}"));
    }
}

struct Stages {
    running: Running,
    has_room: Receiver<()>,
    go_on: Sender<()>,
}

async fn stages() -> Stages {
    let ((has_room_sender, has_room), (go_on, wait)) = (channel(), channel());
    let doors =
        stages::Doors { has_room: has_room_sender, go_on: Mutex::new(wait), ready: AtomicUsize::new(0) };
    let running = stages::server().state(doors).bind().await.unwrap();
    Stages { running, has_room, go_on }
}

/// Wakes the other worker, which then polls the sockets while a handler blocks the one that did: `start()` does so too.
async fn poll_sockets() {
    tokio::spawn(async {}).await.unwrap();
}

/// A peer without a runtime, which has not read the answer to its handshake yet.
fn ask_for(running: &Running, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(ws_tests::address(running)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let request = ws_tests::raw::HANDSHAKE.replacen("GET / ", &format!("GET {path} "), 1);
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn read_answer(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
}

fn read_text(stream: &mut TcpStream) -> String {
    let mut head = [0; 2];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(head[0], 0x81);
    let mut text = vec![0; usize::from(head[1])];
    stream.read_exact(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn connect(running: &Running, path: &str) -> TcpStream {
    let mut stream = ask_for(running, path);
    read_answer(&mut stream);
    assert_eq!(read_text(&mut stream), "so far: ");
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_waits_for_a_room_that_is_taken_and_no_worker_does() {
    let Stages { running, has_room, go_on } = stages().await;
    let mut ann = connect(&running, "/one");
    let mut bobs: Vec<TcpStream> = (0..4).map(|_| connect(&running, "/one")).collect();
    let mut eve = connect(&running, "/two");
    ann.write_all(&frame(0x81, b"block")).unwrap();
    has_room.recv_timeout(Duration::from_secs(20)).unwrap();
    poll_sockets().await;
    for bob in &mut bobs {
        bob.write_all(&frame(0x81, b"b")).unwrap();
        bob.write_all(&frame(0x89, b"?")).unwrap();
    }
    // One worker has the room, and the other one serves all that do not need it.
    for bob in &mut bobs {
        let mut pong = [0; 3];
        bob.read_exact(&mut pong).expect("pings are answered while the message before them waits");
        assert_eq!(&pong, b"\x8a\x01?");
    }
    eve.write_all(&frame(0x81, b"e")).unwrap();
    assert_eq!(read_text(&mut eve), "line: e");
    go_on.send(()).unwrap();
    for peer in bobs.iter_mut().chain([&mut ann]) {
        assert_eq!(read_text(peer), "line: block");
        for _ in 0..4 {
            assert_eq!(read_text(peer), "line: b");
        }
    }
    // Each had one token for its message: one that waits takes none once more.
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_whose_ready_waits_for_the_room_is_neither_told_nor_listed_and_misses_nothing() {
    let Stages { running, has_room, go_on } = stages().await;
    let mut ann = connect(&running, "/one");
    ann.write_all(&frame(0x81, b"block")).unwrap();
    has_room.recv_timeout(Duration::from_secs(20)).unwrap();
    poll_sockets().await;
    let mut bob = ask_for(&running, "/one");
    // Who comes after him is answered, so he would be too.
    let eve = connect(&running, "/two");
    assert_eq!(running.server().connections().len(), 2);
    bob.set_nonblocking(true).unwrap();
    assert!(bob.read(&mut [0]).is_err(), "the 101 waits");
    bob.set_nonblocking(false).unwrap();
    go_on.send(()).unwrap();
    read_answer(&mut bob);
    assert_eq!(read_text(&mut bob), "so far: block", "not once more as a broadcast");
    assert_eq!(read_text(&mut ann), "line: block");
    bob.write_all(&frame(0x81, b"b")).unwrap();
    assert_eq!(read_text(&mut bob), "line: b");
    drop(eve);
}

/// Rooms of routes: one that a guard protects, one that is made for whom it belongs to.
#[ws_server(listen = "127.0.0.1:0")]
mod clubs {
    use super::*;

    #[identity]
    struct User {
        name: String,
    }

    #[on(handshake)]
    fn who(token: Option<Bearer>) -> Option<User> {
        token.map(|Bearer(name)| User { name })
    }

    fn known(_: &User) {}

    fn member(user: &User) -> std::result::Result<(), Reject> {
        known(user);
        if user.name == "eve" { Err(Reject::forbidden()) } else { Ok(()) }
    }

    #[get("/clubs")]
    fn count(clubs: Rooms<club::Club>) -> String {
        clubs.len().to_string()
    }

    #[route("/club/{id}", guard = member)]
    mod club {
        use super::*;

        #[room]
        #[derive(Default)]
        pub(super) enum Club {
            #[default]
            New,
            Of(String),
        }

        #[on(ready)]
        fn hello(user: &User, club: &mut Club) -> String {
            match club {
                Club::New => *club = Club::Of(user.name.clone()),
                Club::Of(first) => return format!("the club of {first}"),
            }
            "a new club".to_owned()
        }
    }

    #[route("/home/{id}")]
    mod home {
        use super::*;

        #[room]
        struct Home(String);

        #[on(create)]
        fn create(user: &User, Path(id): Path<u8>) -> std::result::Result<Home, Reject> {
            if id > 9 { Err(Reject::not_found()) } else { Ok(Home(user.name.clone())) }
        }

        #[on(ready)]
        async fn hello(room: &Room<Home>) -> Option<String> {
            room.with(|home| home.0.clone()).await
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_guard_says_who_may_have_a_room_made() -> Result {
    let server = clubs::server().test().await?;
    assert_eq!(server.connect("/club/1").await.unwrap_err().status(), 401);
    assert_eq!(server.connect("/club/1").bearer("eve").await.unwrap_err().status(), 403);
    assert_eq!(server.get("/clubs").await?.body(), "0");
    let mut ann = server.connect("/club/1").bearer("ann").await?;
    assert_eq!(ann.utf8().await?, "a new club");
    let mut bob = server.connect("/club/1").bearer("bob").await?;
    assert_eq!(bob.utf8().await?, "the club of ann");
    assert_eq!(server.get("/clubs").await?.body(), "1");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_room_of_a_route_is_made_for_who_comes_first() -> Result {
    let server = clubs::server().test().await?;
    assert_eq!(server.connect("/home/1").await.unwrap_err().status(), 401, "`create` takes the identity");
    assert_eq!(server.connect("/home/10").bearer("ann").await.unwrap_err().status(), 404);
    let mut ann = server.connect("/home/1").bearer("ann").await?;
    assert_eq!(ann.utf8().await?, "ann");
    let mut bob = server.connect("/home/1").bearer("bob").await?;
    assert_eq!(bob.utf8().await?, "ann");
    Ok(())
}
