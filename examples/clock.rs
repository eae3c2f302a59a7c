//! Tells everybody the time, once a second.
//!
//! ```text
//! cargo run --example clock
//! ```
//!
//! In a browser's console: `new WebSocket("ws://localhost:8080").onmessage = e => console.log(e.data)`.

// ANCHOR: clock
use std::time::{SystemTime, UNIX_EPOCH};

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod clock {
    use super::*;

    #[tick(period = 1)]
    fn tell(server: &Server) -> Result<(), std::time::SystemTimeError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        server.broadcast_utf8(now.as_secs().to_string());
        Ok(())
    }
}

fn main() -> ws_runtime::Result<()> {
    clock::server().start()
}
// ANCHOR_END: clock
