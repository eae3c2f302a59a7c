//! Timers in the states: when their handlers run, under which lock, and when they do not.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use ws_runtime::event::{FromContext, WithServer};
use ws_runtime::prelude::*;
use ws_runtime::{Running, Seconds};
use ws_tests::Client;

type Lines = mpsc::UnboundedReceiver<String>;

#[ws_server(listen = "127.0.0.1:0", origins = any, silence_max = 0)]
mod tables {
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

    #[state]
    #[derive(Default)]
    pub struct Table {
        pub clock: Timer,
        again: Timer,
        left: u32,
        failing: Timer,
        panicking: Timer,
        refused: Timer,
        slow: Timer,
    }

    /// Another one with timers, which can only be its `Default`.
    #[state]
    #[derive(Default)]
    struct Players {
        clock: Timer,
        turns: BTreeMap<u32, Timer>,
        bans: HashMap<String, Timer>,
        seats: [Timer; 2],
        expired: usize,
    }

    #[session]
    #[derive(Default)]
    struct Seat {
        clock: Timer,
    }

    #[on(utf8)]
    fn act(text: &str, seat: &mut Seat, players: &mut Players, diary: &Diary, table: &mut Table) {
        match text {
            "one" => table.clock.start(1),
            "stop" => {
                assert!(table.clock.is_running());
                table.clock.stop();
            }
            "both" => {
                table.slow.start(1);
                table.clock.start(1);
            }
            "again" => {
                table.left = 3;
                table.again.start(0.1);
            }
            "all" => {
                table.clock.start(1);
                players.clock.start(2);
                seat.clock.start(3);
            }
            "many" => {
                players.turns.entry(7).or_default().start(0.3);
                players.turns.entry(8).or_default().start(0.1);
                players.bans.entry("ann".to_owned()).or_default().start(0.2);
                players.seats[1].start(Duration::from_millis(400));
            }
            "wrong" => {
                table.failing.start(0.1);
                table.panicking.start(0.2);
                table.refused.start(0.3);
                table.clock.start(0.4);
            }
            "storm" => {
                for number in 0..10_000 {
                    players.turns.entry(number).or_default().start(1);
                }
            }
            _ => {}
        }
        diary.note(format_args!("handled {text}"));
    }

    #[timer(slow)]
    async fn slow(diary: &Diary) {
        sleep(Duration::from_secs(1)).await;
        diary.note("slow");
    }

    #[timer(Table.clock)]
    fn table_clock(server: &Server, table: &mut Table, diary: &Diary) {
        assert!(!table.clock.is_running(), "it is off before its handler runs");
        diary.note("table");
        server.broadcast_utf8("too slow");
    }

    #[timer(Players.clock)]
    async fn players_clock(server: &Server, diary: &Diary) {
        sleep(Duration::from_millis(500)).await;
        diary.note(format_args!("players, {} of them", server.connections().len()));
    }

    #[timer(Seat.clock)]
    fn seat_clock(diary: &Diary, players: &Players, table: &Table) {
        assert!(!players.clock.is_running() && !table.clock.is_running());
        diary.note("seat");
    }

    #[timer(again)]
    fn again(diary: &Diary, table: &mut Table) {
        diary.note("again");
        table.left -= 1;
        if table.left > 0 {
            table.again.start(0.1);
        }
    }

    #[timer(turns)]
    fn turn(turn: &u32, players: &mut Players, diary: &Diary) {
        players.turns.remove(turn);
        if players.turns.len() < 100 && players.expired == 0 {
            diary.note(format_args!("turn {turn}"));
            return;
        }
        players.expired += 1;
        if players.turns.is_empty() {
            diary.note(format_args!("{} turns", players.expired));
        }
    }

    #[timer(bans)]
    fn ban(name: String, table: &Table, diary: &Diary, players: &Players) {
        assert!(!players.bans[&name].is_running() && !table.clock.is_running());
        diary.note(format_args!("ban of {name}"));
    }

    #[timer(seats)]
    async fn seat(diary: &Diary, index: usize) {
        diary.note(format_args!("seat {index}"));
    }

    #[timer(failing)]
    fn fail() -> Result<(), &'static str> {
        Err("on purpose")
    }

    #[timer(panicking)]
    fn panic(table: &mut Table) {
        table.left = 77;
        panic!("on purpose");
    }

    struct Nothing;

    pub static REFUSED: AtomicUsize = AtomicUsize::new(0);

    impl<'a, C: WithServer<'a>> FromContext<'a, C> for Nothing {
        fn from_context(_: &mut C) -> Result<Self, Reject> {
            REFUSED.fetch_add(1, Ordering::Relaxed);
            Err(Reject::forbidden())
        }
    }

    #[timer(refused)]
    fn refuse(_nothing: Nothing, table: &mut Table) {
        table.left = 99;
    }
}

async fn start(table: tables::Table) -> (Running, Client, Lines) {
    let (lines, noted) = mpsc::unbounded_channel();
    let diary = tables::Diary { lines, start: Instant::now() };
    let running = tables::server().state(diary).state(table).bind().await.unwrap();
    let client = Client::connect(&running).await;
    (running, client, noted)
}

/// Sends a text, and waits so many seconds. What was noted meanwhile.
async fn after(text: &str, seconds: f64) -> Vec<String> {
    let (_running, mut client, mut noted) = start(tables::Table::default()).await;
    client.send(text).await;
    sleep(Duration::from_secs_f64(seconds)).await;
    rest(&mut noted)
}

fn rest(noted: &mut Lines) -> Vec<String> {
    std::iter::from_fn(|| noted.try_recv().ok()).collect()
}

fn running_clock(seconds: impl Into<Seconds>) -> tables::Table {
    let mut table = tables::Table::default();
    table.clock.start(seconds);
    table
}

#[tokio::test(start_paused = true)]
async fn a_timer_runs_its_handler_once_when_it_is_due() {
    let (_running, mut client, mut noted) = start(tables::Table::default()).await;
    client.send("one").await;
    assert_eq!(client.text().await, "too slow");
    sleep(Duration::from_secs(10)).await;
    assert_eq!(rest(&mut noted), ["0 handled one", "1000 table"]);
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_was_stopped_does_not_run_its_handler() {
    let (_running, mut client, mut noted) = start(tables::Table::default()).await;
    client.send("one").await;
    sleep(Duration::from_millis(999)).await;
    client.send("stop").await;
    sleep(Duration::from_secs(10)).await;
    assert_eq!(rest(&mut noted), ["0 handled one", "999 handled stop"]);
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_is_stopped_while_another_one_that_was_due_too_is_handled_does_not_run_its_handler() {
    for stops in [false, true] {
        let (_running, mut client, mut noted) = start(tables::Table::default()).await;
        client.send("both").await;
        sleep(Duration::from_millis(1500)).await;
        client.send(if stops { "stop" } else { "nothing" }).await;
        sleep(Duration::from_secs(10)).await;
        let expected: &[&str] = if stops {
            &["0 handled both", "1500 handled stop", "2000 slow"]
        } else {
            &["0 handled both", "1500 handled nothing", "2000 slow", "2000 table"]
        };
        assert_eq!(rest(&mut noted), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_that_is_given_with_a_timer_that_runs_goes_on_with_it() {
    let (_running, _client, mut noted) = start(running_clock(2)).await;
    sleep(Duration::from_secs(10)).await;
    assert_eq!(rest(&mut noted), ["2000 table"]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_can_start_its_own_timer_anew() {
    assert_eq!(after("again", 10.0).await, ["0 handled again", "100 again", "200 again", "300 again"]);
}

#[tokio::test(start_paused = true)]
async fn one_handler_can_start_timers_of_the_session_and_of_several_states() {
    assert_eq!(
        after("all", 10.0).await,
        ["0 handled all", "1000 table", "2500 players, 1 of them", "3000 seat"]
    );
}

#[tokio::test(start_paused = true)]
async fn each_of_several_timers_runs_by_itself_and_its_handler_learns_which_it_was() {
    assert_eq!(
        after("many", 10.0).await,
        ["0 handled many", "100 turn 8", "200 ban of ann", "300 turn 7", "400 seat 1"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_panics_or_is_refused_ends_no_other_timer() {
    assert_eq!(after("wrong", 10.0).await, ["0 handled wrong", "400 table"]);
    assert_eq!(tables::REFUSED.load(Ordering::Relaxed), 1, "it is tried once");
}

#[tokio::test(start_paused = true)]
async fn timers_stop_when_the_server_closes_its_connections() {
    let (running, mut client, mut noted) = start(tables::Table::default()).await;
    client.send("one").await;
    sleep(Duration::from_millis(500)).await;
    running.server().shutdown();
    sleep(Duration::from_secs(10)).await;
    assert_eq!(rest(&mut noted), ["0 handled one"]);
    running.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_timers_that_are_due_at_once_all_run() {
    let start = std::time::Instant::now();
    assert_eq!(after("storm", 5.0).await, ["0 handled storm", "1000 10000 turns"]);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[ws_server(listen = "127.0.0.1:0", origins = any)]
mod race {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Table {
        clock: Timer,
        too_slow: u32,
    }

    #[on(binary)]
    fn begin(table: &mut Table) -> &'static str {
        table.clock.start(0.02);
        "begun"
    }

    /// The move is in time, as it has the lock before the timer is due.
    #[on(utf8)]
    fn play(table: &mut Table) {
        while table.clock.left() != Some(Duration::ZERO) {
            std::thread::sleep(Duration::from_millis(1));
        }
        // The timer's task waits for the lock by now.
        std::thread::sleep(Duration::from_millis(20));
        table.clock.stop();
    }

    #[on(pong)]
    fn count(table: &Table) -> String {
        format!("too slow {} times", table.too_slow)
    }

    #[timer(clock)]
    fn too_slow(table: &mut Table) {
        table.too_slow += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_handler_that_has_the_lock_when_a_timer_is_due_can_still_stop_it() {
    use tokio_tungstenite::tungstenite::Message;

    let running = race::server().bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    for _ in 0..10 {
        client.send(Message::binary(Vec::new())).await;
        assert_eq!(client.text().await, "begun");
        client.send("a move").await;
        client.send(Message::Pong("".into())).await;
        assert_eq!(client.text().await, "too slow 0 times");
    }
}
