use serde::{Deserialize, Serialize};
use ws_runtime::prelude::*;

/// A chat. Requests that are no WebSocket go to the router in `api.rs`.
#[ws_server(
    listen = 8080,
    health = "/healthz",
    readiness = "/readyz",
    max_recv_size = 4096
)]
pub mod chat {
    use super::*;

    /// Whose connection it is. The handshake says so once, and the API finds the connections by it.
    #[identity]
    pub struct Member {
        pub name: String,
    }

    /// What the server sends on its own: `{"type": "said", "data": {"by": …, "text": …}}`.
    #[push]
    #[derive(Serialize)]
    pub struct Said<'a> {
        pub by: &'a str,
        pub text: &'a str,
    }

    /// The query of the address that a client connects to: `/?name=Ann`.
    #[derive(Deserialize)]
    struct Entry {
        name: String,
    }

    #[derive(Reject)]
    enum EntryError {
        #[reject(400, "a name has 1 to 20 characters")]
        NameLength,
    }

    #[on(handshake)]
    fn enter(Query(Entry { name }): Query<Entry>) -> Result<Member, EntryError> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 20 {
            return Err(EntryError::NameLength);
        }
        Ok(Member {
            name: name.to_owned(),
        })
    }

    /// Each connection may say five things in ten seconds.
    #[on("say", rate = (5, 10))]
    fn say(Json(text): Json<String>, member: &Member, server: &Server) {
        server.broadcast(Said {
            by: &member.name,
            text: &text,
        });
    }
}
