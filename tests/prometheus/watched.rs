//! A server with its metrics page, and clients that do all that the page counts, until standard input ends.
//! `tests/prometheus/run` lets Prometheus read it.

use std::io::Read;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use ws_runtime::prelude::*;

#[ws_server(
    listen = "127.0.0.1:0", metrics_listen = "127.0.0.1:0", origins = any, handler_durations = true, silence_max = 0.4, max_connections = 40,
    slow = "drop_newest", max_outbox = 4096
)]
mod watched {
    use super::*;

    #[route("/chat/{room}")]
    mod chat {
        use super::*;

        #[on("say")]
        async fn say(Json(text): Json<String>, room: &Room) -> usize {
            sleep(Duration::from_millis(text.len() as u64 % 7)).await;
            room.broadcast_utf8("said")
        }

        #[on("fail")]
        fn fail() -> Result<(), &'static str> {
            Err("the database is gone")
        }
    }

    #[route("/feed")]
    mod feed {
        #[on(utf8)]
        fn ignore() {}
    }

    #[tick(period = 0.05)]
    fn news(server: &Server) {
        server.broadcast_utf8("x".repeat(1000));
    }

    /// Blocks its thread, for the watchdog.
    #[tick(period = 2)]
    fn block() {
        std::thread::sleep(Duration::from_millis(150));
    }
}

#[tokio::main]
async fn main() -> ws_runtime::Result<()> {
    let running = watched::server().bind().await?;
    let address = ws_tests::address(&running);
    println!("metrics on {}", running.server().metrics_addresses()[0]);
    for number in 0..8 {
        tokio::spawn(talk(address.clone(), number));
    }
    for _ in 0..2 {
        tokio::spawn(read_nothing(address.clone()));
    }
    tokio::spawn(rush(address));
    let _ = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await;
    running.shutdown();
    running.stopped().await;
    Ok(())
}

async fn open(address: &str, path: &str) -> Option<tokio_tungstenite::WebSocketStream<TcpStream>> {
    let stream = TcpStream::connect(address).await.ok()?;
    Some(client_async(format!("ws://{address}{path}"), stream).await.ok()?.0)
}

/// Connects, says some things, leaves, and comes back.
async fn talk(address: String, number: usize) {
    loop {
        let Some(mut socket) = open(&address, &format!("/chat/{}", number % 3)).await else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        for round in 0..20 {
            let kind = if round == 9 { "fail" } else { "say" };
            let text =
                format!(r#"{{"type":"{kind}","id":{round},"data":"{}"}}"#, "x".repeat(number * 3 + round));
            if socket.send(Message::text(text)).await.is_err() {
                break;
            }
            let _ = tokio::time::timeout(Duration::from_millis(20), socket.next()).await;
        }
        let _ = socket.close(None).await;
        while let Some(Ok(_)) = socket.next().await {}
    }
}

/// Connects and does not read.
async fn read_nothing(address: String) {
    loop {
        if let Some(socket) = open(&address, "/feed").await {
            sleep(Duration::from_secs(3)).await;
            drop(socket);
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Opens more connections than there may be, over and over.
async fn rush(address: String) {
    loop {
        let mut sockets = Vec::new();
        for _ in 0..50 {
            sockets.extend(open(&address, "/feed").await);
        }
        sleep(Duration::from_millis(300)).await;
        drop(sockets);
        sleep(Duration::from_millis(700)).await;
    }
}
