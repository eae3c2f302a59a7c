//! A library: replies in parts, a search that takes a while, and a question to the peer.
//!
//! ```text
//! cargo run --example library
//! ```
//!
//! Connect with any client (`python3 -m websockets ws://localhost:8080`), and send
//! `{"type":"read","id":1,"data":"Emma"}`, or `{"type":"discard","id":2,"data":"Emma"}`.

// ANCHOR: library
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream;
use serde::Serialize;
use tokio::time::sleep;
use ws_runtime::AskError;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod library {
    use super::*;

    /// The books by title. The lock is its own, because handlers that await take the state too.
    #[state]
    struct Shelf(Mutex<BTreeMap<String, &'static str>>);

    /// The peer answers `true` or `false`.
    #[push(answer = bool)]
    #[derive(Serialize)]
    struct Confirm<'a> {
        discard: &'a str,
    }

    /// Replies once for each line.
    #[on("read")]
    fn read(
        Json(title): Json<String>,
        shelf: &Shelf,
    ) -> Result<impl Stream<Item = &'static str> + use<>, Reject> {
        let text = shelf.with(|books| books.get(&title).copied());
        let text =
            text.ok_or_else(|| Reject::not_found().text(format!("there is no book called {title:?}")))?;
        Ok(stream::iter(text.lines()))
    }

    /// Takes a second for each word.
    #[on("search", concurrent = 4, timeout = 2.5)]
    async fn search(Json(words): Json<String>, shelf: &Shelf) -> Vec<String> {
        for _ in words.split_whitespace() {
            sleep(Duration::from_secs(1)).await;
        }
        let found = |text: &str| words.split_whitespace().all(|word| text.contains(word));
        shelf.with(|books| books.iter().filter(|book| found(book.1)).map(|book| book.0.clone()).collect())
    }

    /// Asks before it does what cannot be undone.
    #[on("discard")]
    async fn discard(Json(title): Json<String>, shelf: &Shelf, conn: &Conn) -> Result<bool, AskError> {
        if conn.ask(Confirm { discard: &title }).within(20).await? {
            Ok(shelf.with(|books| books.remove(&title).is_some()))
        } else {
            Ok(false)
        }
    }

    impl Default for Shelf {
        fn default() -> Self {
            let emma =
                "Emma Woodhouse, handsome, clever, and rich,\nwith a comfortable home and happy disposition";
            let utopia =
                "Henry the Eighth, the unconquered King of England,\na prince adorned with all the virtues";
            Self(Mutex::new([("Emma".to_owned(), emma), ("Utopia".to_owned(), utopia)].into()))
        }
    }

    impl Shelf {
        fn with<R>(&self, look: impl FnOnce(&mut BTreeMap<String, &'static str>) -> R) -> R {
            look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    library::server().start()
}
// ANCHOR_END: library

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_does_what_the_book_shows() -> ws_runtime::test::Result {
        examples::transcript::play("streams-and-questions.md", "library", &library::server().test().await?)
            .await
    }
}
