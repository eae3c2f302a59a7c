//! Tells everybody the time, once a second.
//!
//! ```text
//! cargo run --example clock
//! ```
//!
//! Open <http://localhost:8080> in a browser: the answer is 426, as only WebSocket is spoken here. In the console of
//! that page say `new WebSocket("ws://localhost:8080").onmessage = e => console.log(e.data)`. Or without a browser:
//! `python3 -m websockets ws://localhost:8080`.

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
