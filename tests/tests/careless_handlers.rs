//! Handlers, types and destructors of users that panic or misuse what they have: what is left of the connection, and of
//! the others.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use ws_runtime::AskError;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};

#[ws_server]
mod fragile {
    use super::*;

    #[state]
    pub struct Ends {
        pub ended: Arc<AtomicUsize>,
        pub group: Group,
    }

    #[state]
    #[derive(Default)]
    pub struct World {
        group: Group,
    }

    #[state]
    #[derive(Default)]
    pub struct Bomb {
        pub is_armed: bool,
    }

    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(!self.is_armed, "the destructor of a state");
        }
    }

    #[on("arm")]
    fn arm(bomb: &mut Bomb) {
        bomb.is_armed = true;
    }

    /// A closure that is replaced while it runs, and whose captures panic as they are dropped.
    #[on("replace")]
    fn replace(conn: &Conn) {
        let panics = User { name: "captured".to_owned(), panics: true };
        conn.on_utf8(move |conn, _| {
            let _ = &panics;
            conn.on_utf8(|conn, text| conn.send_utf8(text));
        });
    }

    #[state]
    #[derive(Default)]
    pub struct Other {
        pub count: u64,
        pub parked: Timer,
    }

    #[state]
    #[derive(Default)]
    pub struct Timed {
        keyed: HashMap<Key, Timer>,
        later: Timer,
        fired: u64,
    }

    #[session]
    #[derive(Default)]
    struct Seat {
        soon: Timer,
        bad: Timer,
        several: HashMap<Key, Timer>,
    }

    #[derive(Debug, Clone)]
    #[identity]
    pub struct User {
        name: String,
        panics: bool,
    }

    impl Drop for User {
        fn drop(&mut self) {
            assert!(!self.panics, "the destructor of the identity {}", self.name);
        }
    }

    /// A key of timers whose copying panics.
    #[derive(PartialEq, Eq)]
    struct Key(u8);

    impl Hash for Key {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.0.hash(state);
        }
    }

    impl Clone for Key {
        fn clone(&self) -> Self {
            panic!("the key is cloned")
        }
    }

    pub struct Panics;

    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("serialize")
        }
    }

    impl<'d> Deserialize<'d> for Panics {
        fn deserialize<D: Deserializer<'d>>(_: D) -> Result<Self, D::Error> {
            panic!("deserialize")
        }
    }

    impl From<Panics> for Reject {
        fn from(_: Panics) -> Self {
            panic!("into reject")
        }
    }

    pub struct Loud;

    impl std::fmt::Display for Loud {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("display")
        }
    }

    /// A stream that panics as it is polled, or as it is dropped.
    pub struct Bad {
        at_poll: bool,
    }

    impl Stream for Bad {
        type Item = u8;

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u8>> {
            assert!(!self.at_poll, "poll");
            Poll::Pending
        }
    }

    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("the destructor of the stream")
        }
    }

    #[push]
    #[derive(Serialize)]
    pub struct Note {
        pub text: String,
    }

    #[push(answer = bool)]
    #[derive(Serialize)]
    pub struct Sure;

    #[push(answer = Panics)]
    #[derive(Serialize)]
    pub struct Badly;

    #[push(answer = bool)]
    pub struct Unsayable;

    impl Serialize for Unsayable {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("serialize")
        }
    }

    #[on(handshake)]
    fn handshake(handshake: &Handshake) -> Option<User> {
        if handshake.query_param("expired").is_some() {
            handshake.expires(SystemTime::UNIX_EPOCH);
        }
        if handshake.query_param("never").is_some() {
            handshake.expires(Duration::MAX);
        }
        if handshake.query_param("far").is_some() {
            handshake.expires(Duration::from_secs(1 << 50));
        }
        let name = handshake.query_param("name")?;
        Some(User { panics: name.starts_with("bad"), name })
    }

    #[on(ready)]
    async fn ready(conn: &Conn, server: &Server, user: Option<&User>) {
        let Some(user) = user else { return };
        match user.name.as_str() {
            "asks" => {
                let _ = server.broadcast(Note { text: "in ready".to_owned() });
                let _ = conn.send(Note { text: format!("{:?}", conn.ask(Sure).await) });
            }
            "leaves" => conn.disconnect(4000, "leaves").unwrap(),
            _ => {}
        }
    }

    #[on("reply")]
    fn reply() -> Panics {
        Panics
    }

    #[on("data")]
    fn data(Json(_): Json<Panics>) {}

    #[on("told")]
    fn told() -> Result<(), Panics> {
        Err(Panics)
    }

    #[on("logged")]
    fn logged() -> Result<(), Loud> {
        Err(Loud)
    }

    #[on("guarded", guard = panics)]
    fn guarded() {}

    fn panics() -> Result<(), Reject> {
        panic!("guard")
    }

    #[on("guarded later", guard = panics_later)]
    fn guarded_later() {}

    async fn panics_later() -> Result<(), Reject> {
        tokio::task::yield_now().await;
        panic!("guard")
    }

    #[on("polled")]
    fn polled() -> impl Stream<Item = u8> {
        Bad { at_poll: true }
    }

    #[on("dropped")]
    fn dropped() -> impl Stream<Item = u8> {
        Bad { at_poll: false }
    }

    #[on("item")]
    fn item() -> impl Stream<Item = Panics> {
        stream::iter([Panics])
    }

    #[on("beside", concurrent = 2)]
    async fn beside() {
        tokio::task::yield_now().await;
        panic!("beside")
    }

    #[on("beside data", concurrent = 2)]
    async fn beside_data(Json(_): Json<Panics>) {}

    #[on("answer")]
    async fn answer(conn: &Conn) -> Result<(), AskError> {
        conn.ask(Badly).await.map(drop)
    }

    #[on("timed")]
    fn timed(seat: &mut Seat) {
        seat.bad.start(1);
    }

    #[on("keyed")]
    fn keyed(seat: &mut Seat) {
        seat.several.entry(Key(1)).or_default().start(1);
    }

    #[timer(bad)]
    fn bad() {
        panic!("timer")
    }

    #[timer(several)]
    fn several(_key: &Key) {}

    #[on("streams")]
    fn streams(seat: &mut Seat) -> impl Stream<Item = u8> + use<> {
        seat.soon.start(1);
        stream::pending()
    }

    #[timer(soon)]
    fn soon(conn: &Conn) {
        let _ = conn.send(Note { text: "soon".to_owned() });
    }

    #[on("stop")]
    fn stop(server: &Server) {
        server.shutdown();
    }

    #[on("slow", concurrent = 1)]
    async fn slow() -> u8 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        1
    }

    #[on("asks")]
    async fn asks(conn: &Conn) -> String {
        format!("{:?}", conn.ask(Sure).await)
    }

    #[on("asks beside", concurrent = 4)]
    async fn asks_beside(conn: &Conn) -> String {
        format!("{:?}", conn.ask(Sure).await)
    }

    #[on("asks often", concurrent = 4)]
    async fn asks_often(conn: &Conn) -> usize {
        let asked = (0..65).map(|_| conn.ask(Sure).within(2));
        let ended = futures_util::future::join_all(asked).await;
        ended.iter().filter(|ended| **ended == Err(AskError::TooMany)).count()
    }

    #[on("leaves")]
    fn leaves(conn: &Conn) -> impl Stream<Item = u8> {
        stream::repeat(1).inspect(|_| {
            let _ = conn.disconnect(4000, "from the stream");
        })
    }

    #[on("one way")]
    fn one_way(world: &mut World, other: &mut Other) -> u64 {
        world.group = Group::new();
        other.count += 1;
        other.count
    }

    #[on("other way", guard = looks)]
    fn other_way(other: &mut Other, world: &mut World) -> u64 {
        world.group = Group::new();
        other.count += 1;
        other.count
    }

    fn looks(other: &Other) -> Result<(), Reject> {
        if other.count < 1_000_000 { Ok(()) } else { Err(Reject::forbidden()) }
    }

    #[on("at once", timeout = no_time())]
    async fn at_once() {
        std::future::pending().await
    }

    fn no_time() -> u64 {
        0
    }

    #[on("absurd", rate = absurd())]
    fn absurd_rate() {}

    fn absurd() -> f64 {
        f64::NAN
    }

    #[on("rated", rate = panicking::<u64>())]
    fn rated() {}

    #[on("rated beside", concurrent = panicking::<usize>())]
    async fn rated_beside() {}

    fn panicking<T>() -> T {
        panic!("the value of an attribute")
    }

    #[timer(keyed)]
    fn state_keyed(_key: &Key) {}

    #[timer(later)]
    fn state_later(timed: &mut Timed) {
        timed.fired += 1;
        timed.later.start(1);
    }

    #[on("state keyed")]
    fn start_keyed(timed: &mut Timed) {
        timed.keyed.entry(Key(1)).or_default().start(1);
        timed.later.start(1);
    }

    #[on("fired")]
    fn fired(timed: &Timed) -> u64 {
        timed.fired
    }

    #[on("large")]
    fn large() -> String {
        "x".repeat(100_000)
    }

    #[on("large error")]
    fn large_error() -> Result<(), Reject> {
        Err(Reject::forbidden().text("x".repeat(100_000)))
    }

    #[on("large data")]
    async fn large_data() -> Result<(), Reject> {
        Err(Reject::forbidden().with_data("x".repeat(100_000)))
    }

    #[on("large item")]
    fn large_item() -> impl Stream<Item = Result<u8, Reject>> {
        stream::iter([Ok(1), Err(Reject::forbidden().text("x".repeat(100_000)))])
    }

    #[on("large beside", concurrent = 1)]
    async fn large_beside() -> Result<(), Reject> {
        Err(Reject::forbidden().text("x".repeat(100_000)))
    }

    /// Moves the session's timer into the state, and back into the session of whoever asks.
    #[on("park")]
    fn park(seat: &mut Seat, other: &mut Other) {
        seat.soon.start(1);
        std::mem::swap(&mut seat.soon, &mut other.parked);
    }

    #[on("resume")]
    fn resume(seat: &mut Seat, other: &mut Other) {
        std::mem::swap(&mut seat.soon, &mut other.parked);
        if let Some(left) = seat.soon.left() {
            seat.soon.start(left);
        }
    }

    #[on("add")]
    fn add(Json((a, b)): Json<(i64, i64)>) -> i64 {
        a + b
    }

    #[on(disconnect)]
    async fn ended(ends: &Ends, conn: &Conn, seat: &mut Seat) {
        seat.soon.start(0);
        assert!(matches!(conn.ask(Sure).await, Err(AskError::Gone)));
        assert!(!ends.group.insert(conn));
        ends.ended.fetch_add(1, Ordering::Relaxed);
    }
}

async fn start() -> Result<(TestServer, Arc<AtomicUsize>)> {
    let ended = Arc::new(AtomicUsize::new(0));
    let ends = fragile::Ends { ended: Arc::clone(&ended), group: Group::new() };
    Ok((fragile::server().state(ends).test().await?, ended))
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_code_of_the_users_ends_its_own_connection_alone() -> Result {
    let (server, ended) = start().await?;
    let mut other = server.connect("/").await?;
    for (number, name) in [
        "reply",
        "data",
        "told",
        "logged",
        "guarded",
        "guarded later",
        "polled",
        "item",
        "beside",
        "beside data",
        "answer",
        "timed",
        "keyed",
        "rated",
        "rated beside",
    ]
    .into_iter()
    .enumerate()
    {
        let mut client = server.connect("/").await?;
        client.begin(name, 1).await?;
        if name == "answer" {
            let (ask, _) = client.question::<Value>("badly").await?;
            client.answer(ask, 1).await?;
        }
        server.advance(2).await;
        let close = client.closed().await.map_err(|error| format!("{name}: {error}"))?;
        assert_eq!(close.code, 1011, "{name}");
        server.advance(0).await;
        assert_eq!(ended.load(Ordering::Relaxed), number + 1, "{name}");
        assert_eq!(other.call::<i64>("add", json!([1, 2])).await?, 3, "{name}");
    }
    // The stream's destructor panics as it is cancelled, and as its connection ends.
    let mut client = server.connect("/").await?;
    let id = client.begin("dropped", ()).await?;
    client.cancel(id).await?;
    assert_eq!(client.call::<i64>("add", json!([1, 2])).await?, 3);
    client.begin("dropped", ()).await?;
    client.begin("dropped", ()).await?;
    client.disconnect(1000, "").await?;
    assert_eq!(client.closed().await?.code, 1000);
    server.advance(0).await;
    assert_eq!(ended.load(Ordering::Relaxed), 16);
    assert_eq!(other.call::<i64>("add", json!([1, 2])).await?, 3);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_destructor_of_an_identity_ends_nothing() -> Result {
    let (server, _) = start().await?;
    let mut other = server.connect("/").await?;
    let first = server.connect("/?name=bad1").await?;
    let second = server.connect("/?name=bad2").await?;
    let third = server.connect("/?name=bad3").await?;
    drop(first);
    server.advance(1).await;
    let all = server.server().connections();
    drop((second, third));
    server.advance(1).await;
    // The last handles: two panics at once would end the process.
    drop(all);
    assert_eq!(other.call::<i64>("add", json!([1, 2])).await?, 3);
    server.stop().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_stream_handler_that_is_called_as_a_plain_one_starts_timers() -> Result {
    let (server, _) = start().await?;
    let mut client = server.connect("/").await?;
    client.begin("streams", ()).await?;
    server.advance(2).await;
    let note: Value = client.expect("note").await?;
    assert_eq!(note["text"], "soon");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn questions_whose_text_panics_do_not_stay_open() -> Result {
    let (server, _) = start().await?;
    let mut client = server.connect("/").await?;
    let conn = server.server().connections()[0].clone();
    for _ in 0..70 {
        assert!(catch_unwind(AssertUnwindSafe(|| conn.ask(fragile::Unsayable))).is_err());
    }
    let asked = tokio::spawn(async move { conn.ask(fragile::Sure).await });
    let (ask, _) = client.question::<Value>("sure").await?;
    client.answer(ask, true).await?;
    assert_eq!(asked.await?, Ok(true));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_question_at_shutdown_ends_at_once() -> Result {
    for name in ["asks", "asks beside"] {
        let (server, _) = start().await?;
        let mut client = server.connect("/").await?;
        client.begin(name, ()).await?;
        client.question::<Value>("sure").await?;
        let begun = tokio::time::Instant::now();
        server.server().shutdown();
        let reply: Value = client.reply(1).await?;
        assert_eq!(reply, "Err(Gone)", "{name}");
        assert_eq!(client.closed().await?.code, 1001, "{name}");
        assert!(begun.elapsed() < Duration::from_secs(1), "{name}: {:?}", begun.elapsed());
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn ready_asks_and_broadcasts() -> Result {
    let (server, _) = start().await?;
    let mut client = server.connect("/?name=asks").await?;
    assert_eq!(client.expect::<Value>("note").await?["text"], "in ready");
    let (ask, _) = client.question::<Value>("sure").await?;
    client.answer(ask, true).await?;
    assert_eq!(client.expect::<Value>("note").await?["text"], "Ok(true)");
    let mut leaves = server.connect("/?name=leaves").await?;
    assert_eq!(leaves.closed().await?.code, 4000);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_sixty_fifth_question_is_one_too_many() -> Result {
    let (server, _) = start().await?;
    let mut client = server.connect("/").await?;
    client.set_patience(5);
    for _ in 0..2 {
        assert_eq!(client.call::<usize>("asks often", ()).await?, 1);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_end_its_own_connection() -> Result {
    let (server, ended) = start().await?;
    let mut client = server.connect("/").await?;
    client.begin("leaves", ()).await?;
    assert_eq!(client.closed().await?.code, 4000);
    server.advance(1).await;
    assert_eq!(ended.load(Ordering::Relaxed), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn absurd_times_and_rates_do_no_harm() -> Result {
    let (server, _) = start().await?;
    let mut expired = server.connect("/?expired").await?;
    assert_eq!(expired.closed().await?.code, 4401);
    let mut never = server.connect("/?never").await?;
    let mut far = server.connect("/?far").await?;
    server.advance(100).await;
    for client in [&mut never, &mut far] {
        assert_eq!(client.call::<()>("at once", ()).await.unwrap_err().code(), Some("timeout"));
        client.call::<()>("absurd", ()).await?;
        assert_eq!(client.call::<i64>("add", json!([1, 2])).await?, 3);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_states_in_either_order_do_not_lock_each_other_out() -> Result {
    let ends = fragile::Ends { ended: Arc::default(), group: Group::new() };
    let running = fragile::server().state(ends).listen("127.0.0.1:0").bind().await?;
    let mut clients = Vec::new();
    for number in 0..8 {
        let mut client = ws_tests::Client::connect(&running).await;
        let name = if number % 2 == 0 { "one way" } else { "other way" };
        clients.push(tokio::spawn(async move {
            for id in 0..2_000 {
                client.send(format!(r#"{{"type":"{name}","id":{id}}}"#)).await;
            }
            for _ in 0..2_000 {
                client.text().await;
            }
        }));
    }
    for client in clients {
        tokio::time::timeout(Duration::from_secs(60), client).await??;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_key_that_panics_keeps_no_other_timer_from_running() -> Result {
    let (server, _) = start().await?;
    let mut client = server.connect("/").await?;
    client.call::<()>("state keyed", ()).await?;
    server.advance(10.5).await;
    assert_eq!(client.call::<u64>("fired", ()).await?, 10);
    Ok(())
}

/// The peer sends all at once; what was accepted is answered once, whatever it waits for.
#[tokio::test(start_paused = true)]
async fn all_that_has_arrived_is_answered_once_at_shutdown() -> Result {
    let (server, ended) = start().await?;
    let mut client = server.connect("/").await?;
    let texts = [
        r#"{"type":"slow","id":1}"#,
        r#"{"type":"streams","id":2}"#,
        r#"{"type":"slow","id":3}"#,
        r#"{"type":"add","id":4,"data":[1,1]}"#,
        r#"{"type":"slow","id":5}"#,
        r#"{"type":"streams","id":6}"#,
        r#"{"type":"stop","id":7}"#,
        r#"{"type":"add","id":8,"data":[1,1]}"#,
    ];
    for text in texts {
        client.send_utf8(text).await?;
    }
    server.advance(0).await;
    server.server().shutdown();
    client.set_patience(9);
    let close = client.closed().await?;
    assert_eq!(close.code, 1001);
    let mut ids = Vec::new();
    while let Ok(text) = client.utf8().await {
        let reply: Value = serde_json::from_str(&text)?;
        assert!(reply["error"].is_null(), "{reply}");
        ids.extend(reply["id"].as_u64());
    }
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(ended.load(Ordering::Relaxed), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_state_whose_destructor_panics_keeps_no_server_from_stopping() -> Result {
    let (server, ended) = start().await?;
    let mut client = server.connect("/").await?;
    client.call::<()>("arm", ()).await?;
    tokio::time::timeout(Duration::from_secs(60), server.stop()).await?;
    assert_eq!(client.closed().await?.code, 1001);
    assert_eq!(ended.load(Ordering::Relaxed), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_closure_that_replaces_itself_and_panics_as_it_is_dropped_ends_its_connection() -> Result {
    let (server, ended) = start().await?;
    let mut client = server.connect("/").await?;
    let mut other = server.connect("/").await?;
    client.call::<()>("replace", ()).await?;
    client.send_utf8("replaces").await?;
    assert_eq!(client.closed().await?.code, 1011);
    server.advance(1).await;
    assert_eq!(ended.load(Ordering::Relaxed), 1);
    assert_eq!(other.call::<i64>("add", json!([1, 2])).await?, 3);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_too_large_to_be_sent_is_an_internal_one() -> Result {
    let (server, _) = start().await?;
    let mut client = server.connect("/").await?;
    for name in ["large", "large error", "large data", "large beside"] {
        let error = client.call::<Value>(name, ()).await.unwrap_err();
        assert_eq!(error.code(), Some("internal"), "{name}: {error}");
    }
    let id = client.begin("large item", ()).await?;
    assert_eq!(client.reply::<u8>(id).await?, 1);
    assert_eq!(client.reply::<u8>(id).await.unwrap_err().code(), Some("internal"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_moves_into_the_session_runs_once_it_is_started_there() -> Result {
    let (server, _) = start().await?;
    let mut client = server.connect("/").await?;
    client.call::<()>("park", ()).await?;
    server.advance(0.5).await;
    let mut other = server.connect("/").await?;
    other.call::<()>("resume", ()).await?;
    server.advance(2).await;
    let note: Value = other.expect("note").await?;
    assert_eq!(note["text"], "soon");
    Ok(())
}
