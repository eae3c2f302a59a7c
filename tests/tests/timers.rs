//! Timers in the session: when their handlers run, and when they do not.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use ws_runtime::prelude::*;
use ws_runtime::{ClosedBy, Running};
use ws_tests::frame::{close, frame};
use ws_tests::raw::shake_hands;

type Lines = mpsc::UnboundedReceiver<String>;

#[ws_server(listen = "127.0.0.1:0", origins = any, silence_max = 0)]
mod seats {
    use super::*;

    #[state]
    pub struct Diary {
        pub lines: mpsc::UnboundedSender<String>,
        pub start: Instant,
    }

    impl Diary {
        fn note(&self, what: impl std::fmt::Display) {
            let _ = self.lines.send(format!("{} {what}", self.start.elapsed().as_millis()));
        }
    }

    #[session]
    #[derive(Default)]
    struct Seat {
        clock: Timer,
        again: Timer,
        left: u32,
        each: [Timer; 3],
        list: Vec<Timer>,
        names: HashMap<String, Timer>,
        places: BTreeMap<(u8, u8), Timer>,
        slow: Timer,
        failing: Timer,
        inner: Inner,
    }

    #[derive(Default)]
    struct Inner {
        nested: Timer,
    }

    #[on(handshake)]
    fn sit(handshake: &Handshake) -> Seat {
        let mut seat = Seat::default();
        if handshake.path() == "/at-once" {
            seat.clock.start(0.25);
        }
        seat
    }

    #[on(utf8)]
    async fn act(text: &str, seat: &mut Seat, diary: &Diary, conn: &Conn) {
        match text {
            "one" => seat.clock.start(1),
            "restart" => {
                seat.clock.start(1);
                sleep(Duration::from_millis(500)).await;
                seat.clock.start(1);
            }
            "stop" => {
                seat.clock.start(1);
                sleep(Duration::from_millis(999)).await;
                seat.clock.stop();
                seat.again.start(0.5);
            }
            "again" => {
                seat.left = 3;
                seat.again.start(0.1);
            }
            "many" => {
                seat.list = vec![Timer::default(); 4];
                seat.list[3].start(0.3);
                seat.each[1].start(0.1);
                seat.each[0].start(0.4);
                seat.names.entry("ann".to_owned()).or_default().start(0.2);
                seat.places.entry((1, 2)).or_default().start(0.05);
                seat.inner.nested.start(0.6);
            }
            "late" => {
                seat.clock.start(2);
                seat.each[2].start(1);
                seat.names.entry("ann".to_owned()).or_default().start(1.5);
                sleep(Duration::from_secs(5)).await;
                assert_eq!(seat.clock.left(), Some(Duration::ZERO));
            }
            "slow" => seat.slow.start(1),
            "fail" => seat.failing.start(1),
            "moved" => {
                let mut timer = Timer::default();
                timer.start(1);
                sleep(Duration::from_secs(3)).await;
                seat.clock = timer;
            }
            "disconnect" => {
                seat.clock.start(1);
                seat.again.start(2);
                conn.disconnect(4000, "").unwrap();
            }
            "storm" => {
                for number in 0..10_000 {
                    seat.names.entry(number.to_string()).or_default().start(1);
                }
            }
            _ => {}
        }
        diary.note(format_args!("handled {text}"));
    }

    #[timer(clock)]
    fn clock(seat: &mut Seat, conn: &Conn, server: &Server, diary: &Diary) {
        assert!(!seat.clock.is_running(), "it is off before its handler runs");
        assert_eq!(conn.server().name(), server.name());
        diary.note("clock");
    }

    #[timer(Seat.again)]
    fn again(diary: &Diary, seat: &mut Seat) {
        diary.note("again");
        seat.left = seat.left.saturating_sub(1);
        if seat.left > 0 {
            seat.again.start(0.1);
        }
    }

    #[timer(each)]
    fn each(index: usize, diary: &Diary) {
        diary.note(format_args!("each {index}"));
    }

    #[timer(list)]
    async fn list(index: usize, diary: &Diary, seat: &Seat) {
        assert_eq!(seat.list.len(), 4);
        diary.note(format_args!("list {index}"));
    }

    #[timer(names)]
    fn names(diary: &Diary, name: &str, seat: &mut Seat) {
        if seat.names.len() < 100 {
            diary.note(format_args!("name {name}"));
        } else {
            seat.left += 1;
            if seat.left == 10_000 {
                diary.note("all names");
            }
        }
    }

    #[timer(places)]
    fn places(diary: &Diary, (one, other): &(u8, u8)) {
        diary.note(format_args!("place {one} {other}"));
    }

    #[timer(inner.nested)]
    fn nested(diary: &Diary) {
        diary.note("nested");
    }

    #[timer(slow)]
    async fn slow(diary: &Diary, seat: &mut Seat) {
        diary.note("slow begins");
        seat.clock.start(1);
        sleep(Duration::from_secs(2)).await;
        diary.note("slow ends");
    }

    #[timer(failing)]
    fn fail() -> Result<(), &'static str> {
        Err("on purpose")
    }

    #[on(disconnect)]
    fn end(close: &Close, diary: &Diary, seat: &mut Seat) {
        seat.clock.start(0.001);
        diary.note(format_args!("closed {}", close.code()));
        assert!(matches!(
            close.by(),
            ClosedBy::Us | ClosedBy::Panic | ClosedBy::Failed | ClosedBy::Shutdown | ClosedBy::Peer
        ));
    }
}

async fn start() -> (Running, TcpStream, Lines) {
    let (lines, noted) = mpsc::unbounded_channel();
    let running = seats::server().state(seats::Diary { lines, start: Instant::now() }).bind().await.unwrap();
    let stream = shake_hands(&running).await;
    (running, stream, noted)
}

/// Sends texts, and waits so many seconds. What was noted meanwhile.
async fn after(texts: &[&str], seconds: f64) -> Vec<String> {
    let (_running, mut stream, mut noted) = start().await;
    send(&mut stream, texts).await;
    sleep(Duration::from_secs_f64(seconds)).await;
    rest(&mut noted)
}

async fn send(stream: &mut TcpStream, texts: &[&str]) {
    for text in texts {
        stream.write_all(&frame(0x81, text.as_bytes())).await.unwrap();
    }
}

fn rest(noted: &mut Lines) -> Vec<String> {
    std::iter::from_fn(|| noted.try_recv().ok()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_timer_runs_its_handler_once_when_it_is_due() {
    assert_eq!(after(&["one"], 10.0).await, ["0 handled one", "1000 clock"]);
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_is_started_anew_counts_from_then() {
    assert_eq!(after(&["restart"], 10.0).await, ["500 handled restart", "1500 clock"]);
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_was_stopped_does_not_run_its_handler() {
    assert_eq!(after(&["stop"], 10.0).await, ["999 handled stop", "1499 again"]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_can_start_its_own_timer_anew() {
    assert_eq!(after(&["again"], 10.0).await, ["0 handled again", "100 again", "200 again", "300 again"]);
}

#[tokio::test(start_paused = true)]
async fn each_of_several_timers_runs_by_itself_and_its_handler_learns_which_it_was() {
    assert_eq!(
        after(&["many"], 10.0).await,
        [
            "0 handled many",
            "50 place 1 2",
            "100 each 1",
            "200 name ann",
            "300 list 3",
            "400 each 0",
            "600 nested"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn timers_that_are_due_while_a_handler_awaits_run_after_it_in_the_order_of_their_times() {
    assert_eq!(
        after(&["late", "x"], 10.0).await,
        ["5000 handled late", "5000 each 2", "5000 name ann", "5000 clock", "5000 handled x"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_async_handler_of_a_timer_holds_up_other_handlers_of_its_connection() {
    let (_running, mut stream, mut noted) = start().await;
    send(&mut stream, &["slow"]).await;
    sleep(Duration::from_millis(1500)).await;
    send(&mut stream, &["x"]).await;
    sleep(Duration::from_secs(10)).await;
    assert_eq!(
        rest(&mut noted),
        ["0 handled slow", "1000 slow begins", "3000 slow ends", "3000 handled x", "3000 clock"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_is_moved_into_its_field_later_is_not_forgotten() {
    assert_eq!(after(&["moved"], 10.0).await, ["3000 handled moved", "3000 clock"]);
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_the_handshake_handler_has_started_runs() {
    let (lines, mut noted) = mpsc::unbounded_channel();
    let running = seats::server().state(seats::Diary { lines, start: Instant::now() }).bind().await.unwrap();
    let _client = ws_tests::open(&running, "/at-once").await.unwrap();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(rest(&mut noted), ["250 clock"]);
}

#[tokio::test(start_paused = true)]
async fn timers_stop_when_the_connection_starts_to_close() {
    let started = ["0 handled one", "0 handled again"];
    for end in ["by us", "by the peer", "by a shutdown", "at once"] {
        let (running, mut stream, mut noted) = start().await;
        send(&mut stream, &["one", "again"]).await;
        sleep(Duration::from_millis(50)).await;
        match end {
            "by us" => running.server().connections()[0].disconnect(4000, "").unwrap(),
            "by the peer" => stream.write_all(&close(4000, b"")).await.unwrap(),
            "at once" => running.server().disconnect(&running.server().connections()[0]),
            _ => running.server().shutdown(),
        }
        sleep(Duration::from_secs(10)).await;
        let lines = rest(&mut noted);
        assert_eq!(lines[..2], started, "{end}");
        assert!(lines[2].contains("closed"), "{end}: {lines:?}");
        assert_eq!(lines.len(), 3, "{end}: {lines:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_closes_its_connection() {
    assert_eq!(after(&["fail"], 2.0).await, ["0 handled fail", "1000 closed 1011"]);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_timers_that_are_due_at_once_all_run() {
    let start = std::time::Instant::now();
    assert_eq!(after(&["storm"], 5.0).await, ["0 handled storm", "1000 all names"]);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[ws_server(silence_max = 0)]
mod clocks {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Seat {
        clock: Timer,
        runs: u32,
    }

    #[on("start")]
    fn start(Json(seconds): Json<f64>, seat: &mut Seat) {
        seat.clock.start(seconds);
    }

    #[on("left")]
    fn left(seat: &Seat) -> Option<f64> {
        seat.clock.left().map(|left| left.as_secs_f64())
    }

    #[on("long", concurrent = 1)]
    async fn long() {
        sleep(Duration::from_secs(5)).await;
    }

    #[on("give up", timeout = 2)]
    async fn give_up(seat: &mut Seat) {
        seat.clock.start(1);
        std::future::pending().await
    }

    #[timer(clock)]
    fn ring(conn: &Conn, seat: &mut Seat) {
        seat.runs += 1;
        conn.send_utf8(format!("ring {}", seat.runs)).unwrap();
    }
}

async fn clocks() -> (ws_runtime::test::TestServer, ws_runtime::test::TestClient) {
    let server = clocks::server().test().await.unwrap();
    let client = server.connect("/").await.unwrap();
    (server, client)
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_its_handler_does_not_start_anew_is_off() -> ws_runtime::test::Result {
    let (server, mut client) = clocks().await;
    client.call::<()>("start", 5).await?;
    server.advance(2.0).await;
    assert_eq!(client.call::<Option<f64>>("left", ()).await?, Some(3.0));
    server.advance(3.0).await;
    assert_eq!(client.utf8().await?, "ring 1");
    assert_eq!(client.call::<Option<f64>>("left", ()).await?, None);
    client.expect_nothing().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_message_that_waits_for_a_concurrent_call_holds_up_no_timer() -> ws_runtime::test::Result {
    let (server, mut client) = clocks().await;
    client.call::<()>("start", 2).await?;
    for id in 1..=3 {
        client.send_utf8(format!(r#"{{"type":"long","id":{id}}}"#)).await?;
    }
    server.advance(2.0).await;
    assert_eq!(client.utf8().await?, "ring 1");
    server.advance(13.0).await;
    for id in 1..=3 {
        assert_eq!(client.utf8().await?, format!(r#"{{"type":"long","id":{id},"data":null}}"#));
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_timer_runs_on_after_the_handler_that_started_it_was_dropped() -> ws_runtime::test::Result {
    let (server, mut client) = clocks().await;
    client.send_utf8(r#"{"type":"give up","id":1}"#).await?;
    server.advance(3.0).await;
    assert!(client.utf8().await?.contains("timeout"));
    assert_eq!(client.utf8().await?, "ring 1");
    Ok(())
}

#[ws_server(listen = "127.0.0.1:0", origins = any)]
mod busy {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Seat {
        clock: Timer,
        runs: u32,
    }

    /// It is due again by the time when its handler has ended.
    #[timer(clock)]
    fn ring(seat: &mut Seat) {
        seat.runs += 1;
        std::thread::sleep(Duration::from_millis(3));
        seat.clock.start(0);
        std::thread::sleep(Duration::from_millis(3));
    }

    #[on(utf8)]
    fn count(seat: &mut Seat) -> String {
        if !seat.clock.is_running() {
            seat.clock.start(0);
        }
        seat.runs.to_string()
    }
}

#[tokio::test]
async fn a_timer_that_is_always_due_keeps_no_message_and_no_other_task_waiting() {
    let running = busy::server().bind().await.unwrap();
    let mut client = ws_tests::Client::connect(&running).await;
    let mut runs = 0;
    while runs < 20 {
        client.send("how often?").await;
        let next: u32 = client.text().await.parse().unwrap();
        assert!(next <= runs + 2, "a message waits for one timer, not for {}", next - runs);
        runs = next;
    }
}

#[ws_server(silence_max = 0)]
mod phases {
    use super::*;

    #[session]
    #[derive(Default)]
    enum Peer {
        #[default]
        Guest,
        Player(Player),
        Admin(Box<Admin>),
        Host(Player),
    }

    #[derive(Default)]
    struct Player {
        clock: Timer,
        name: &'static str,
    }

    #[derive(Default)]
    struct Admin {
        clock: Timer,
        idle: [Timer; 2],
    }

    #[on("be")]
    fn become_one(Json(name): Json<String>, peer: &mut Peer) {
        let mut player = Player::default();
        player.clock.start(1);
        *peer = match name.as_str() {
            "player" => Peer::Player(Player { name: "player", ..player }),
            "host" => Peer::Host(Player { name: "host", ..player }),
            "admin" => {
                let mut admin = Admin::default();
                admin.clock.start(2);
                admin.idle[1].start(1);
                Peer::Admin(Box::new(admin))
            }
            _ => Peer::Guest,
        };
    }

    #[timer(Player.clock)]
    fn too_slow(player: &mut Player, conn: &Conn) {
        assert!(!player.clock.is_running());
        conn.send_utf8(player.name).unwrap();
    }

    #[timer(Admin.clock)]
    async fn admin_clock(conn: &Conn, admin: &Admin) {
        assert!(!admin.idle[0].is_running());
        conn.send_utf8("admin").unwrap();
    }

    #[timer(idle)]
    fn idle(conn: &Conn, index: usize, peer: &mut Peer) {
        conn.send_utf8(format!("idle {index}")).unwrap();
        assert!(matches!(peer, Peer::Admin(_)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_timer_in_a_phase_runs_in_that_phase_alone() -> ws_runtime::test::Result {
    let server = phases::server().test().await?;
    let mut client = server.connect("/").await?;
    for (phase, texts) in
        [("player", &["player"][..]), ("host", &["host"]), ("admin", &["idle 1", "admin"]), ("guest", &[])]
    {
        client.call::<()>("be", phase).await?;
        server.advance(3.0).await;
        for text in texts {
            assert_eq!(client.utf8().await?, *text);
        }
    }
    // Who leaves a phase leaves its timers behind.
    client.call::<()>("be", "player").await?;
    server.advance(0.5).await;
    client.call::<()>("be", "guest").await?;
    server.advance(3.0).await;
    client.expect_nothing().await?;
    Ok(())
}
