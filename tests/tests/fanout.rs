//! Broadcasts from several threads at once, to more connections than one thread is left alone with.

use std::collections::HashMap;

use futures_util::StreamExt;
use tokio::task::JoinSet;
use ws_runtime::prelude::*;
use ws_tests::Client;

/// More than are shared out between the runtime's threads: 512.
const CLIENTS: usize = 700;
const SENDERS: usize = 3;
const MESSAGES: usize = 60;

#[ws_server(listen = "127.0.0.1:0")]
mod fan {
    use super::*;

    /// Broadcasts as often as it is told, all in one turn.
    #[on(utf8)]
    fn go(text: &str, server: &Server) {
        let (name, count) = text.split_once(' ').unwrap();
        for number in 0..count.parse::<usize>().unwrap() {
            // Of different sizes: shared, copied and written in different ways.
            let size = [10, 100, 5_000][number % 3];
            server.broadcast_utf8(format!("{name} {number} {:size$}", ""));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_each_sends_reaches_all_in_order_whoever_else_sends() {
    // Two descriptors a client, where many systems allow 1,024.
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let maximum = getrlimit(Resource::Nofile).maximum;
        setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    }
    let running = fan::server().max_outbox(4 << 20).bind().await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(Client::connect(&running).await);
    }
    // Connections send from their turns, and a thread of the program's own from nowhere.
    for (number, client) in clients.iter_mut().take(SENDERS - 1).enumerate() {
        client.send(format!("client{number} {MESSAGES}")).await;
    }
    let server = running.server().clone();
    let outside = std::thread::spawn(move || {
        for number in 0..MESSAGES {
            assert_eq!(server.broadcast_utf8(format!("outside {number} ")), CLIENTS);
        }
    });
    let mut receivers = JoinSet::new();
    for mut client in clients {
        receivers.spawn(async move {
            let mut next: HashMap<String, usize> = HashMap::new();
            for _ in 0..SENDERS * MESSAGES {
                let message = client.0.next().await.unwrap().unwrap();
                let mut words = message.to_text().unwrap().split(' ');
                let expected = next.entry(words.next().unwrap().to_owned()).or_default();
                assert_eq!(words.next().unwrap(), expected.to_string());
                *expected += 1;
            }
            assert!(next.len() == SENDERS && next.values().all(|count| *count == MESSAGES), "{next:?}");
        });
    }
    while let Some(received) = receivers.join_next().await {
        received.unwrap();
    }
    outside.join().unwrap();
}
