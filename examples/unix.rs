//! Counts on a Unix socket: one number for all peers.
//!
//! ```text
//! cargo run --example unix
//! ```
//!
//! Then, with `websocat`: `websocat --ws-c-uri=ws://localhost/ - ws-c:unix:/tmp/counter.sock`; or in Python:
//! `websockets.sync.client.unix_connect("/tmp/counter.sock", "ws://localhost/")`.

// ANCHOR: unix
use ws_runtime::prelude::*;

#[ws_server(listen = "unix:/tmp/counter.sock")]
mod counter {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Count(u64);

    #[on(utf8)]
    fn count(text: &str, count: &mut Count) -> String {
        match text {
            "up" => count.0 += 1,
            "down" => count.0 = count.0.saturating_sub(1),
            "read" => {}
            _ => return format!("say up, down or read, not {text}"),
        }
        count.0.to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    counter::server().start()
}
// ANCHOR_END: unix
