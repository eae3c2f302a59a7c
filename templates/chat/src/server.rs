use std::collections::BTreeSet;

use serde::Serialize;
use ws_runtime::prelude::*;
use ws_runtime::{CLIENT_JS, JavaScript};

/// A room in which everybody has a nickname of their own.
#[ws_server(
    listen = 8080,
    health = "/healthz",
    readiness = "/readyz",
    max_recv_size = 4096
)]
pub mod chat {
    use super::*;

    /// The nicknames that are taken: one set for the whole server.
    #[state]
    #[derive(Default)]
    struct Nicknames(BTreeSet<String>);

    /// Who this is: one for each connection.
    #[session]
    #[derive(Default)]
    struct Guest {
        nickname: Option<String>,
    }

    // What the server sends on its own: a `#[push]` named `Joined` is `{"type": "joined", "data": …}`.

    #[push]
    #[derive(Serialize)]
    struct Welcome {
        here: usize,
    }

    #[push]
    #[derive(Serialize)]
    struct Joined<'a> {
        who: &'a str,
    }

    #[push]
    #[derive(Serialize)]
    struct Said<'a> {
        by: &'a str,
        text: &'a str,
    }

    #[push]
    #[derive(Serialize)]
    struct Left<'a> {
        who: &'a str,
    }

    /// What a call is refused with.
    #[derive(Reject)]
    enum ChatError {
        #[reject(400, "a nickname has 1 to 20 characters")]
        NicknameLength,
        #[reject(409, "{0} is taken")]
        Taken(String),
        #[reject(409, "you have a nickname already")]
        AlreadyJoined,
        #[reject(401, "choose a nickname first")]
        NotJoined,
    }

    #[on(ready)]
    fn greet(Nicknames(taken): &Nicknames) -> Welcome {
        Welcome { here: taken.len() }
    }

    #[on("join")]
    fn join(
        Json(nickname): Json<String>,
        guest: &mut Guest,
        Nicknames(taken): &mut Nicknames,
        server: &Server,
    ) -> Result<(), ChatError> {
        let nickname = nickname.trim();
        if guest.nickname.is_some() {
            return Err(ChatError::AlreadyJoined);
        }
        if nickname.is_empty() || nickname.chars().count() > 20 {
            return Err(ChatError::NicknameLength);
        }
        if !taken.insert(nickname.to_owned()) {
            return Err(ChatError::Taken(nickname.to_owned()));
        }
        guest.nickname = Some(nickname.to_owned());
        server.broadcast(Joined { who: nickname });
        Ok(())
    }

    /// Each connection may say five things in ten seconds.
    #[on("say", rate = (5, 10))]
    fn say(Json(text): Json<String>, guest: &Guest, server: &Server) -> Result<(), ChatError> {
        let by = guest.nickname.as_ref().ok_or(ChatError::NotJoined)?;
        server.broadcast(Said { by, text: &text });
        Ok(())
    }

    /// Runs once for each connection that was ready, however it ended.
    #[on(disconnect)]
    fn leave(guest: Guest, Nicknames(taken): &mut Nicknames, server: &Server) {
        let Some(nickname) = guest.nickname else {
            return;
        };
        taken.remove(&nickname);
        // At a shutdown everybody leaves, and nobody has to be told.
        if !server.is_shutting_down() {
            server.broadcast(Left { who: &nickname });
        }
    }

    #[get("/")]
    fn page() -> Html<&'static str> {
        Html(include_str!("../web/index.html"))
    }

    /// Connects again by itself, and matches replies with calls.
    #[get("/client.js")]
    fn client() -> JavaScript<&'static str> {
        JavaScript(CLIENT_JS)
    }
}
