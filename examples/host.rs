//! A chat with an API beside it: the server listens, and passes plain requests on to a router of axum.
//!
//! ```text
//! cargo run --example host
//! ```
//!
//! Connect with any client (`python3 -m websockets ws://localhost:8080/chat`) in one terminal, and in another
//! `curl -d 'the shop closes in ten minutes' http://localhost:8080/api/announce`.

// ANCHOR: host
use axum::routing::{get, post};
use axum::{Extension, Router};
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod shop {
    use super::*;

    #[route("/chat")]
    mod chat {
        use super::*;

        #[on(utf8)]
        fn said(text: &str, room: &Room) {
            room.broadcast_utf8(text);
        }
    }
}

/// The server lends its handle to the handlers of the router.
async fn announce(Extension(server): Extension<Server>, text: String) -> String {
    format!("{} customers know\n", server.broadcast_utf8(text))
}

fn api() -> Router {
    Router::new().route("/api/announce", post(announce)).route("/api/health", get(|| async { "ok\n" }))
}

fn main() -> ws_runtime::Result<()> {
    shop::server().http(api()).start()
}
// ANCHOR_END: host

#[cfg(test)]
mod tests {
    use ws_runtime::test::Result;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_announced_arrives() -> Result {
        let server = shop::server().http(api()).test().await?;
        let mut ann = server.connect("/chat").await?;
        let answer = server.request("POST", "/api/announce").body("closing time").await?;
        assert_eq!(answer.body(), "1 customers know\n");
        assert_eq!(ann.utf8().await?, "closing time");
        Ok(())
    }
}
