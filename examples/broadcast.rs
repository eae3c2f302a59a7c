//! Sends what one peer says to all of them, and admits only browsers with its own page.
//!
//! ```text
//! cargo run --example broadcast
//! ```
//!
//! Open <http://localhost:8080> twice, and in each page's console say
//! `ws = new WebSocket("ws://localhost:8080"); ws.onmessage = e => console.log(e.data)`, then `ws.send("hello")`.

// ANCHOR: broadcast
use ws_runtime::prelude::*;

// The test of the origin is this server's own, so that the built-in one is off.
#[ws_server(listen = 8080, origins = any)]
mod broadcast {
    use super::*;

    #[on(handshake)]
    fn check_origin(conn: &Conn, handshake: &Handshake) -> Result<(), Reject> {
        let ours = format!("http://{}", handshake.host());
        let origin = handshake.origin();
        if origin != Some(ours.as_str()) {
            println!("{} came from {origin:?}, not from {ours}: refused", conn.peer());
            return Err(Reject::forbidden());
        }
        Ok(())
    }

    #[on(utf8)]
    fn text(server: &Server, text: &str) {
        server.broadcast_utf8(text);
    }

    #[on(binary)]
    fn data(server: &Server, data: &[u8]) {
        server.broadcast_binary(data);
    }

    #[on(request)]
    fn page() -> Html<&'static str> {
        Html("<!doctype html><title>broadcast</title><p>Open the console.")
    }
}

fn main() -> ws_runtime::Result<()> {
    broadcast::server().start()
}
// ANCHOR_END: broadcast
