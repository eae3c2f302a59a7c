//! Sends back what it is sent.
//!
//! ```text
//! cargo run --example echo
//! ```
//!
//! Open <http://localhost:8080> in a browser: the answer is 426, as only WebSocket is spoken here. In the console of
//! that page (one of elsewhere is refused) say
//! `ws = new WebSocket("ws://localhost:8080"); ws.onmessage = e => console.log(e.data)`, then `ws.send("hello")`. Or
//! without a browser: `python3 -m websockets ws://localhost:8080`.

// ANCHOR: echo
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod echo {
    use super::*;

    #[on(utf8)]
    fn text(text: &str) -> &str {
        text
    }

    #[on(binary)]
    fn data(data: Bytes) -> Bytes {
        data
    }
}

fn main() -> ws_runtime::Result<()> {
    echo::server().start()
}
// ANCHOR_END: echo
