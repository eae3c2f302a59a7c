//! A shutdown that takes its time: it goes on accepting for a while, and closes its connections one by one.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestClient, TestServer};
use ws_runtime::{CloseError, ClosedBy};

#[ws_server(silence_max = 0, shutdown_timeout = 30)]
mod calm {
    use super::*;

    #[state]
    pub struct Diary(pub mpsc::UnboundedSender<(&'static str, Instant)>);

    impl Diary {
        fn note(&self, what: &'static str) {
            let _ = self.0.send((what, Instant::now()));
        }
    }

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }

    #[on(shutdown)]
    fn shutdown(diary: &Diary) {
        diary.note("shutdown");
    }

    #[on(disconnect)]
    fn over(close: &Close, diary: &Diary) {
        assert_eq!(close.by(), ClosedBy::Shutdown);
        diary.note("disconnect");
    }
}

type Lines = mpsc::UnboundedReceiver<(&'static str, Instant)>;

/// A server that closes its connections over so long, after so long.
async fn start(delay: f64, spread: f64) -> Result<(TestServer, Lines)> {
    let (diary, lines) = mpsc::unbounded_channel();
    let server = calm::server().state(calm::Diary(diary));
    Ok((server.shutdown_delay(delay).shutdown_spread(spread).test().await?, lines))
}

async fn connect(server: &TestServer, count: usize) -> Result<Vec<TestClient>> {
    let mut clients = Vec::new();
    for _ in 0..count {
        clients.push(server.connect("/").await?);
    }
    Ok(clients)
}

/// When each client was closed, since now.
async fn closed(clients: Vec<TestClient>) -> Vec<Duration> {
    let begun = Instant::now();
    let mut all = JoinSet::new();
    for (number, mut client) in clients.into_iter().enumerate() {
        all.spawn(async move {
            while client.closed().await.is_err() {}
            (number, begun.elapsed())
        });
    }
    let mut times = all.join_all().await;
    times.sort_unstable();
    times.into_iter().map(|(_, time)| time).collect()
}

#[tokio::test(start_paused = true)]
async fn close_frames_are_spread_evenly_and_in_random_order() -> Result {
    let (server, _lines) = start(0.0, 10.0).await?;
    let clients = connect(&server, 100).await?;
    let closing = tokio::spawn(closed(clients));
    // It counts from here.
    tokio::task::yield_now().await;
    let report = server.stop().await;
    let times = closing.await?;
    let mut sorted = times.clone();
    sorted.sort_unstable();
    assert_ne!(times, sorted, "the oldest are not closed first");
    for second in 0..10 {
        let during = sorted.iter().filter(|time| time.as_secs() == second).count();
        assert!((9..=11).contains(&during), "{during} in second {second}");
    }
    assert_eq!((report.closed(), report.cut(), report.dropped()), (100, 0, 0));
    assert!((9..=10).contains(&report.duration().as_secs()), "{report}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_peer_is_served_until_its_turn() -> Result {
    let (server, _lines) = start(0.0, 10.0).await?;
    let mut clients = connect(&server, 20).await?;
    server.server().shutdown();
    server.advance(5).await;
    let open = server.server().connections().len();
    assert!((8..=11).contains(&open), "{open} are still open");
    let mut served = 0;
    for client in &mut clients {
        if client.send_utf8("still there?").await.is_ok() && client.utf8().await.is_ok() {
            served += 1;
        }
    }
    assert_eq!(served, open);
    assert_eq!(server.stop().await.closed(), 20);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_shutdown_ends_early_if_all_peers_have_gone() -> Result {
    let (server, _lines) = start(0.0, 20.0).await?;
    let clients = connect(&server, 3).await?;
    server.server().shutdown();
    drop(clients);
    let report = server.stop().await;
    assert!(report.duration() < Duration::from_secs(1), "{report}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn without_a_spread_and_for_few_connections_all_are_closed_at_once() -> Result {
    for spread in ["0", "auto"] {
        let (diary, _lines) = mpsc::unbounded_channel();
        let server = calm::server().state(calm::Diary(diary)).shutdown_spread(spread).test().await?;
        let clients = connect(&server, 100).await?;
        let closing = tokio::spawn(closed(clients));
        tokio::task::yield_now().await;
        server.stop().await;
        assert!(closing.await?.iter().all(|time| *time < Duration::from_millis(10)), "{spread}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn auto_closes_5000_a_second() -> Result {
    let (diary, _lines) = mpsc::unbounded_channel();
    let server = calm::server().state(calm::Diary(diary)).shutdown_spread("auto").test().await?;
    let clients = connect(&server, 1000).await?;
    let closing = tokio::spawn(closed(clients));
    tokio::task::yield_now().await;
    server.stop().await;
    let times = closing.await?;
    let early = times.iter().filter(|time| **time < Duration::from_millis(100)).count();
    assert!((450..=550).contains(&early), "{early} of 1000 in the first half of 0.2 seconds");
    assert!(times.iter().all(|time| *time <= Duration::from_millis(210)));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn during_the_delay_it_accepts_and_says_that_it_shuts_down_and_shutdown_runs_after_it() -> Result {
    let (server, mut lines) = start(5.0, 0.0).await?;
    let begun = Instant::now();
    let mut early = server.connect("/").await?;
    server.server().shutdown();
    assert!(server.server().is_shutting_down());
    server.advance(4).await;
    let mut late = server.connect("/").await?;
    for client in [&mut early, &mut late] {
        client.send_utf8("still there?").await?;
        assert_eq!(client.utf8().await?, "still there?");
    }
    assert!(lines.try_recv().is_err(), "neither `shutdown` nor `disconnect` has run");
    server.advance(1).await;
    assert_eq!((early.closed().await?.code, late.closed().await?.code), (1001, 1001));
    let (first, at) = lines.recv().await.unwrap();
    assert_eq!((first, (at - begun).as_secs()), ("shutdown", 5));
    assert_eq!(server.connect("/").await.unwrap_err().status(), 0, "nobody accepts any more");
    let report = server.stop().await;
    assert_eq!((report.closed(), report.duration().as_secs()), (2, 5));
    Ok(())
}

#[ws_server(silence_max = 0, shutdown_timeout = 60)]
mod tables {
    use super::*;

    #[state]
    pub struct Notes(pub mpsc::UnboundedSender<(String, Duration)>, pub Instant);

    impl Notes {
        fn note(&self, what: impl std::fmt::Display) {
            let _ = self.0.send((what.to_string(), self.1.elapsed()));
        }
    }

    #[on(shutdown)]
    fn shutdown(tables: Rooms<table::Table>, notes: &Notes) {
        notes.note(format_args!("shutdown with {} rooms", tables.len()));
    }

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[room(keep = 100)]
        pub struct Table {
            id: u64,
            visits: u64,
            clock: Timer,
        }

        #[on(create)]
        fn create(Path(id): Path<u64>) -> Table {
            Table { id, visits: 0, clock: Timer::default() }
        }

        #[on(ready)]
        fn enter(table: &mut Table) -> String {
            table.visits += 1;
            table.clock.start(12);
            format!("visit {}", table.visits)
        }

        #[timer(clock)]
        fn late(table: &Table, notes: &Notes) {
            notes.note(format_args!("late {}", table.id));
        }

        #[on(disconnect)]
        fn leave(table: &Table, notes: &Notes) {
            notes.note(format_args!("leave {}", table.id));
        }

        #[on(empty)]
        async fn close(table: Table, notes: &Notes) {
            tokio::time::sleep(Duration::from_millis(10)).await;
            notes.note(format_args!("empty {}", table.id));
        }
    }
}

/// The next process may have the room already when the last connection of this one is closed.
#[tokio::test(start_paused = true)]
async fn a_room_is_emptied_as_soon_as_its_last_member_is_closed_and_a_kept_one_after_the_shutdown_handler()
-> Result {
    let (notes, mut lines) = mpsc::unbounded_channel();
    let server = tables::server().state(tables::Notes(notes, Instant::now()));
    let server = server.shutdown_delay(10).shutdown_spread(6).test().await?;
    let mut clients = Vec::new();
    for id in [1, 2, 2, 3, 3, 3, 4, 5] {
        let mut client = server.connect(format!("/table/{id}")).await?;
        client.utf8().await?;
        clients.push(client);
    }
    // 8 and 9 are kept. During the delay somebody comes back to 8.
    for id in [8, 9] {
        server.connect(format!("/table/{id}")).await?.utf8().await?;
    }
    server.server().shutdown();
    server.advance(5).await;
    let mut back = server.connect("/table/8").await?;
    assert_eq!(back.utf8().await?, "visit 2");
    clients.push(back);
    for client in &mut clients {
        client.set_patience(60);
    }
    let closing = tokio::spawn(closed(clients));
    assert_eq!(server.stop().await.closed(), 9);
    closing.await?;

    let mut log = Vec::new();
    while let Ok((what, at)) = lines.try_recv() {
        log.push((what, at.as_secs_f64()));
    }
    let at = |what: &str| {
        let found = log.iter().rfind(|(one, _)| one == what);
        found.unwrap_or_else(|| panic!("no {what}: {log:?}")).1
    };
    assert_eq!(at("shutdown with 7 rooms").round(), 10.0, "{log:?}");
    assert!(at("empty 9") - at("shutdown with 7 rooms") < 0.1, "{log:?}");
    for id in [1, 2, 3, 4, 5, 8] {
        let passed = at(&format!("empty {id}")) - at(&format!("leave {id}"));
        assert!((0.0..0.1).contains(&passed), "room {id}: {passed} s: {log:?}");
    }
    assert!(log.iter().any(|(what, _)| what.starts_with("late")), "its timers run until then: {log:?}");
    Ok(())
}

#[ws_server(silence_max = 0, shutdown_timeout = 10)]
mod stuck {
    use super::*;

    #[on(utf8)]
    async fn wait() {
        std::future::pending().await
    }

    #[on(shutdown)]
    async fn shutdown() {
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// The delay, the handler and the spread are all part of it.
#[tokio::test(start_paused = true)]
async fn shutdown_timeout_counts_from_the_signal() -> Result {
    let server = stuck::server().shutdown_delay(3).shutdown_spread(4).test().await?;
    let mut clients = connect(&server, 4).await?;
    clients[0].send_utf8("").await?;
    server.advance(0).await;
    let report = server.stop().await;
    assert_eq!((report.closed(), report.cut()), (3, 1));
    assert_eq!(report.duration().as_secs(), 10, "{report}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_with_another_code_closes_with_that_and_only_the_first_call_counts() -> Result {
    let (server, _lines) = start(0.0, 0.0).await?;
    let mut client = server.connect("/").await?;
    for code in [0, 999, 1002, 1005, 1006, 1007, 1011, 1015, 2999, 5000] {
        assert_eq!(server.server().shutdown_with(code), Err(CloseError::Shutdown { code }));
    }
    assert!(!server.server().is_shutting_down());
    server.server().shutdown_with(1012).unwrap();
    server.server().shutdown_with(4000).unwrap();
    server.server().shutdown();
    assert_eq!(client.closed().await?.code, 1012);
    server.stop().await;
    Ok(())
}
