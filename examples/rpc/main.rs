//! Notes that all who have the page open share: calls with replies, a stream of results, a question from the server,
//! and news for everybody. Open the address that it prints in two tabs of a browser.
//!
//! ```text
//! cargo run --example rpc
//! ```

// ANCHOR: rpc
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde::Serialize;
use ws_runtime::prelude::*;
use ws_runtime::{CLIENT_JS, JavaScript};

#[ws_server(listen = 8080)]
mod rpc {
    use super::*;

    /// One for the whole server. It has a lock of its own, as `clear` is `async` and cannot hold the server's.
    #[state]
    #[derive(Default)]
    struct Notes {
        texts: Mutex<Vec<String>>,
    }

    impl Notes {
        fn texts(&self) -> MutexGuard<'_, Vec<String>> {
            self.texts.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    /// A push: `{"type":"changed","data":{"count":3}}`.
    #[push]
    #[derive(Serialize)]
    struct Changed {
        count: usize,
    }

    /// A question: the page answers true or false.
    #[push(answer = bool)]
    #[derive(Serialize)]
    struct Confirm {
        text: String,
    }

    /// What a call is told instead of a reply.
    #[derive(Reject)]
    enum NoteError {
        #[reject(400, "a note has 1 to 100 characters")]
        Length,
        #[reject(409, "there are {max} notes already")]
        Full { max: usize },
        #[reject(409, "nothing was deleted")]
        NotConfirmed,
    }

    #[on(ready)]
    fn greet(notes: &Notes) -> Changed {
        Changed { count: notes.texts().len() }
    }

    /// Replies with the number of the note.
    #[on("add")]
    fn add(Json(text): Json<String>, notes: &Notes, server: &Server) -> Result<usize, NoteError> {
        const MAX: usize = 1_000;
        if text.is_empty() || text.chars().count() > 100 {
            return Err(NoteError::Length);
        }
        let mut texts = notes.texts();
        if texts.len() >= MAX {
            return Err(NoteError::Full { max: MAX });
        }
        texts.push(text);
        server.broadcast(Changed { count: texts.len() });
        Ok(texts.len())
    }

    /// Replies with each note that has the word, as it is found: one in 0.2 s, as if the notes were far away.
    #[on("search")]
    fn search(Json(word): Json<String>, notes: &Notes) -> impl Stream<Item = String> + use<> {
        let found: Vec<String> = notes.texts().iter().filter(|text| text.contains(&word)).cloned().collect();
        stream::iter(found).then(|text| async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            text
        })
    }

    /// Deletes all notes, once the page has confirmed it. Meanwhile this connection's other messages are handled.
    #[on("clear", concurrent = 1)]
    async fn clear(conn: &Conn, notes: &Notes, server: &Server) -> Result<usize, NoteError> {
        let text = format!("Delete all {} notes?", notes.texts().len());
        match conn.ask(Confirm { text }).within(60).await {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(NoteError::NotConfirmed),
        }
        let mut texts = notes.texts();
        let deleted = std::mem::take(&mut *texts).len();
        server.broadcast(Changed { count: 0 });
        Ok(deleted)
    }

    #[get("/")]
    fn page() -> Html<&'static str> {
        Html(include_str!("page.html"))
    }

    #[get("/client.js")]
    fn client() -> JavaScript<&'static str> {
        JavaScript(CLIENT_JS)
    }
}

fn main() -> ws_runtime::Result<()> {
    rpc::server().start()
}
// ANCHOR_END: rpc
