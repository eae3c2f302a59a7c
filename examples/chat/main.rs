//! A chat: open the address that it prints in two tabs of a browser, and talk.
//!
//! ```text
//! cargo run --example chat
//! ```

// ANCHOR: chat
use std::collections::BTreeSet;

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    /// Who is in the room: one for the whole server.
    #[state]
    #[derive(Default)]
    struct Room {
        members: BTreeSet<String>,
    }

    /// Who this is: one for each connection.
    #[session]
    #[derive(Default)]
    struct Guest {
        nickname: Option<String>,
    }

    #[on(request)]
    fn page() -> Html<&'static str> {
        Html(include_str!("page.html"))
    }

    #[on(ready)]
    fn greet(room: &Room) -> String {
        match room.members.len() {
            0 => "Nobody is here yet. What is your nickname?".to_owned(),
            count => format!("{count} in the room. What is your nickname?"),
        }
    }

    /// The first thing that a guest says is the nickname; all else is for everybody.
    #[on(utf8)]
    fn say(text: &str, guest: &mut Guest, room: &mut Room, server: &Server) -> Option<String> {
        let text = text.trim();
        if let Some(nickname) = &guest.nickname {
            if !text.is_empty() {
                server.broadcast_utf8(format!("{nickname}: {text}"));
            }
            return None;
        }
        if text.is_empty() || text.chars().count() > 20 {
            return Some("A nickname has 1 to 20 characters.".to_owned());
        }
        if !room.members.insert(text.to_owned()) {
            return Some(format!("{text} is taken. Another one?"));
        }
        guest.nickname = Some(text.to_owned());
        server.broadcast_utf8(format!("* {text} has come in"));
        None
    }

    #[on(disconnect)]
    fn leave(guest: Guest, room: &mut Room, server: &Server) {
        if let Some(nickname) = guest.nickname {
            room.members.remove(&nickname);
            // At a shutdown everybody leaves, and nobody has to be told.
            if !server.is_shutting_down() {
                server.broadcast_utf8(format!("* {nickname} has left"));
            }
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
// ANCHOR_END: chat
