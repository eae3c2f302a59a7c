//! A party: messages that have names and typed data, and a push to everybody.
//!
//! ```text
//! cargo run --example party
//! ```
//!
//! Connect with any client (`python3 -m websockets ws://localhost:8080`), and send
//! `{"type":"name","id":1,"data":"Ann"}`, then `{"type":"say","id":2,"data":{"text":"hello"}}`.

// ANCHOR: party
use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod party {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        name: String,
    }

    /// What a peer sends to be heard.
    #[derive(Deserialize)]
    struct Say<'a> {
        #[serde(borrow)]
        text: Cow<'a, str>,
    }

    /// What everybody gets then.
    #[push]
    #[derive(Serialize)]
    struct Said<'a> {
        from: &'a str,
        text: &'a str,
    }

    #[on("name")]
    fn name(Json(name): Json<String>, guest: &mut Guest) {
        guest.name = name;
    }

    #[on("say")]
    fn say(Json(say): Json<Say<'_>>, guest: &Guest, server: &Server) -> usize {
        server.broadcast(Said { from: &guest.name, text: &say.text })
    }
}

fn main() -> ws_runtime::Result<()> {
    party::server().start()
}
// ANCHOR_END: party

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_does_what_the_book_shows() -> ws_runtime::test::Result {
        examples::transcript::play("messages.md", "party", &party::server().test().await?).await
    }
}
