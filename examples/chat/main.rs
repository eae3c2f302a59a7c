//! A chat: open the address that it prints in two tabs of a browser, and talk.
//!
//! ```text
//! cargo run --example chat
//! ```

// ANCHOR: chat
use std::collections::BTreeSet;

use serde::Serialize;
use ws_runtime::prelude::*;
use ws_runtime::{CLIENT_JS, JavaScript};

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    /// The nicknames of those who are here: one for the whole server.
    #[state]
    #[derive(Default)]
    struct Members(BTreeSet<String>);

    /// Who this is: one for each connection.
    #[session]
    #[derive(Default)]
    struct Guest {
        nickname: Option<String>,
    }

    #[push]
    #[derive(Serialize)]
    struct Welcome {
        members: usize,
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

    #[derive(Reject)]
    enum ChatError {
        #[reject(400, "a nickname has 1 to 20 characters")]
        NicknameLength,
        #[reject(409, "{0} is taken")]
        Taken(String),
        #[reject(409, "you have a nickname already")]
        Named,
        #[reject(401, "choose a nickname first")]
        Nameless,
    }

    #[on(ready)]
    fn greet(Members(nicknames): &Members) -> Welcome {
        Welcome { members: nicknames.len() }
    }

    #[on("join")]
    fn join(
        Json(nickname): Json<String>,
        guest: &mut Guest,
        members: &mut Members,
        server: &Server,
    ) -> Result<(), ChatError> {
        let nickname = nickname.trim();
        if guest.nickname.is_some() {
            return Err(ChatError::Named);
        }
        if nickname.is_empty() || nickname.chars().count() > 20 {
            return Err(ChatError::NicknameLength);
        }
        if !members.0.insert(nickname.to_owned()) {
            return Err(ChatError::Taken(nickname.to_owned()));
        }
        guest.nickname = Some(nickname.to_owned());
        server.broadcast(Joined { who: nickname });
        Ok(())
    }

    #[on("say")]
    fn say(Json(text): Json<String>, guest: &Guest, server: &Server) -> Result<(), ChatError> {
        let nickname = guest.nickname.as_ref().ok_or(ChatError::Nameless)?;
        server.broadcast(Said { by: nickname, text: &text });
        Ok(())
    }

    #[on(disconnect)]
    fn leave(guest: Guest, members: &mut Members, server: &Server) {
        if let Some(nickname) = guest.nickname {
            members.0.remove(&nickname);
            // At a shutdown everybody leaves, and nobody has to be told.
            if !server.is_shutting_down() {
                server.broadcast(Left { who: &nickname });
            }
        }
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
    chat::server().start()
}
// ANCHOR_END: chat
