//! A server that shows its own log to its clients: what it logs, it sends while it is at work.

use std::cell::Cell;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use ws_runtime::prelude::*;
use ws_runtime::{SendError, Slow};
use ws_tests::Client;
use ws_tests::frame::frame;
use ws_tests::raw::shake_hands;

#[ws_server(listen = "127.0.0.1:0", origins = any)]
mod viewer {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

/// Broadcasts each event of the log, but for those of that itself.
struct Broadcaster {
    server: Server,
}

thread_local! {
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

impl Subscriber for Broadcaster {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("ws_runtime")
    }

    fn event(&self, event: &Event<'_>) {
        if !BUSY.replace(true) {
            self.server.broadcast_utf8(format!("{event:?}"));
            BUSY.set(false);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Runs on a thread of its own, as a lock that is taken twice would hang the test.
fn viewed<F: Future<Output = ()> + 'static>(test: fn(ws_runtime::Running) -> F) {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let running = viewer::server().slow(Slow::DropNewest).bind().await.unwrap();
            let _viewing = tracing::subscriber::set_default(Broadcaster { server: running.server().clone() });
            test(running).await;
        });
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(20)).expect("the test neither fails nor hangs");
}

#[test]
fn that_a_peer_is_gone_is_logged_to_the_others() {
    viewed(|running| async move {
        let mut viewer = Client::connect(&running).await;
        let mut gone = shake_hands(&running).await;
        gone.write_all(&frame(0x81, b"never read")).await.unwrap();
        while running.server().connections().len() < 2 {
            tokio::task::yield_now().await;
        }
        // Once the answer is there, unread input makes the end a reset. The server meets it as it writes.
        gone.peek(&mut [0]).await.unwrap();
        drop(gone);
        running.server().broadcast_utf8("hello");
        running.server().broadcast_utf8("hello again");
        let mut seen = String::new();
        while !seen.contains("failed") {
            seen = viewer.text().await;
        }
    });
}

#[test]
fn that_a_broadcast_was_missed_is_logged_to_the_others() {
    viewed(|running| async move {
        let slow = shake_hands(&running).await;
        while running.server().connections().is_empty() {
            tokio::task::yield_now().await;
        }
        let conn = running.server().connections()[0].clone();
        let mut viewer = Client::connect(&running).await;
        // Right before: the kernel may take more whenever the connection's task has its turn.
        while conn.send_binary(vec![0; 50_000]) != Err(SendError::Full { max: 262_144 }) {}
        let text = "x".repeat(60_000);
        running.server().broadcast_utf8(text.as_str());
        let mut seen = String::new();
        while !seen.contains("missed a broadcast") {
            seen = viewer.text().await;
        }
        drop(slow);
    });
}
