//! A handler that blocks its thread is named by the log while it does. These tests share the process's log, so no two
//! of their handlers have the same name. The watchdog looks at real threads by the real clock.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use ws_runtime::prelude::*;
use ws_tests::Client;
use ws_tests::log::Log;

static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(log.clone());
    tracing_subscriber::registry().with(LevelFilter::WARN).with(Fragile).with(lines).init();
    log
});

/// Panics at the first line about this handler.
struct Fragile;

impl<S: Subscriber> Layer<S> for Fragile {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        static HAS_PANICKED: AtomicBool = AtomicBool::new(false);
        let mut is_the_one = IsHandler("unlucky_message", false);
        event.record(&mut is_the_one);
        assert!(!is_the_one.1 || HAS_PANICKED.swap(true, Ordering::Relaxed), "the log is full");
    }
}

/// Finds out whether a line is about this handler.
struct IsHandler(&'static str, bool);

impl Visit for IsHandler {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.1 |= field.name() == "handler" && value == self.0;
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Where handlers wait for the end of their block.
#[derive(Debug)]
pub struct Gate(Sender<()>, Mutex<Receiver<()>>);

impl Default for Gate {
    fn default() -> Self {
        let (open, wait) = channel();
        Self(open, Mutex::new(wait))
    }
}

impl Gate {
    /// Blocks the thread.
    fn block(&self) {
        let wait = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        wait.recv_timeout(Duration::from_secs(60)).unwrap();
    }
}

#[ws_server(listen = "127.0.0.1:0", watchdog = 0.05)]
mod guarded {
    use super::*;

    #[state]
    #[derive(Debug, Default)]
    pub struct Open {
        pub gate: Arc<Gate>,
    }

    #[on(utf8)]
    fn plain_text(conn: &Conn, text: &str, server: &Server, open: &Open) {
        let gate = Arc::clone(&open.gate);
        match text {
            "replace" => conn.on_utf8(move |_, _| gate.block()),
            "tick" => {
                let mut gate = Some(gate);
                server.on_tick(0.001, move |_| gate.take().iter().for_each(|gate| gate.block())).unwrap();
            }
            "quick" => {}
            _ => gate.block(),
        }
    }

    #[on("named")]
    fn named_message(open: &Open) {
        open.gate.block();
    }

    #[on("awaited")]
    async fn awaited_message(open: &Open) {
        tokio::task::yield_now().await;
        open.gate.block();
        tokio::task::yield_now().await;
    }

    #[on("beside", concurrent = 2)]
    async fn concurrent_message(open: &Open) {
        tokio::task::yield_now().await;
        open.gate.block();
    }

    #[on("unlucky")]
    fn unlucky_message(open: &Open) {
        open.gate.block();
    }

    #[on("after trusted")]
    fn after_trusted(open: &Open) {
        open.gate.block();
    }

    #[on("after moved")]
    fn after_moved(open: &Open) {
        open.gate.block();
    }

    #[on("moved", blocking)]
    fn moved_away(open: &Open) {
        open.gate.block();
    }

    #[on(disconnect)]
    fn at_the_end(open: &Open, close: &Close) {
        if close.code() == 4000 {
            open.gate.block();
        }
    }
}

#[ws_server(listen = "127.0.0.1:0", watchdog = 0)]
mod trusted {
    use super::*;

    #[state]
    #[derive(Debug, Default)]
    pub struct Open {
        pub gate: Arc<Gate>,
    }

    #[on(utf8)]
    fn never_watched(open: &Open) {
        open.gate.block();
    }
}

/// Waits until a line of the log is about this handler and contains this. It awaits nothing: while a handler blocks,
/// there may be no worker that tells the time.
fn logged(handler: &str, what: &str) -> String {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let log = LOG.text();
        let name = format!("handler=\"{handler}\"");
        if let Some(line) = log.lines().find(|line| line.contains(&name) && line.contains(what)) {
            return line.to_owned();
        }
        assert!(Instant::now() < until, "{handler} {what}: {log}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends these messages, of which the last makes the handler of this name block.
async fn is_named(handler: &str, messages: impl IntoIterator<Item = Message>) {
    LazyLock::force(&LOG);
    let gate = Arc::<Gate>::default();
    let state = guarded::Open { gate: Arc::clone(&gate) };
    let running = guarded::server().state(state).bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    for message in messages {
        client.send(message).await;
    }
    let line = logged(handler, "handler blocks its thread");
    assert!(line.contains("server=\"guarded\"") && line.contains("watchdog"), "{line}");
    logged(handler, "handler still blocks its thread");
    gate.0.send(()).unwrap();
    logged(handler, "handler has blocked its thread for");
    drop(client);
    running.shutdown();
    running.stopped().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_handler_that_blocks_is_named_while_it_does_and_afterwards() {
    is_named("plain_text", ["quick", "block"].map(Message::from)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_handler_of_a_named_message_is_named_by_its_own_name() {
    is_named("named_message", [r#"{"type":"named"}"#.into()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_async_handler_that_blocks_between_two_awaits_is_named() {
    is_named("awaited_message", [r#"{"type":"awaited"}"#.into()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_runs_beside_others_is_named() {
    is_named("concurrent_message", [r#"{"type":"beside","id":1}"#.into()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_was_replaced_is_named_by_what_replaced_it() {
    is_named("on_utf8", ["replace", "block"].map(Message::from)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tick_that_blocks_is_named() {
    is_named("on_tick", ["tick".into()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disconnect_handler_that_blocks_is_named() {
    let close = CloseFrame { code: 4000.into(), reason: "".into() };
    is_named("at_the_end", [Message::Close(Some(close))]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_server_without_the_watchdog_is_not_watched_by_that_of_another() {
    LazyLock::force(&LOG);
    let (gate, other) = (Arc::<Gate>::default(), Arc::<Gate>::default());
    let trusted = trusted::server().state(trusted::Open { gate: Arc::clone(&gate) }).bind().await.unwrap();
    let mut client = Client::connect(&trusted).await;
    client.send("block").await;
    // The other begins to block after it, and is named.
    let state = guarded::Open { gate: Arc::clone(&other) };
    let guarded = guarded::server().state(state).bind().await.unwrap();
    let mut client = Client::connect(&guarded).await;
    client.send(r#"{"type":"after trusted"}"#).await;
    logged("after_trusted", "handler blocks its thread");
    assert!(!LOG.text().contains("never_watched"), "{}", LOG.text());
    gate.0.send(()).unwrap();
    other.0.send(()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocking_handler_is_not_named() {
    LazyLock::force(&LOG);
    let (gate, other) = (Arc::<Gate>::default(), Arc::<Gate>::default());
    let of = |gate: &Arc<Gate>| guarded::server().state(guarded::Open { gate: Arc::clone(gate) }).bind();
    let running = of(&gate).await.unwrap();
    let mut client = Client::connect(&running).await;
    client.send(r#"{"type":"moved"}"#).await;
    // Another begins to block after it, and is named.
    let second = of(&other).await.unwrap();
    let mut client = Client::connect(&second).await;
    client.send(r#"{"type":"after moved"}"#).await;
    logged("after_moved", "handler still blocks its thread");
    assert!(!LOG.text().contains("moved_away"), "{}", LOG.text());
    gate.0.send(()).unwrap();
    other.0.send(()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_that_panics_does_not_end_the_watchdog() {
    LazyLock::force(&LOG);
    let gate = Arc::<Gate>::default();
    let state = guarded::Open { gate: Arc::clone(&gate) };
    let running = guarded::server().state(state).bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    client.send(r#"{"type":"unlucky"}"#).await;
    // Its first line is the one that panics.
    logged("unlucky_message", "handler still blocks its thread");
    gate.0.send(()).unwrap();
}
