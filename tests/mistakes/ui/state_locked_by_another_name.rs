// "It is the same type."

use ws_runtime::prelude::*;

type Room = chat::Lobby;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Lobby {
        greeted: u64,
    }

    #[on(ready)]
    fn hello(lobby: &mut Lobby) {
        lobby.greeted += 1;
    }

    #[on(utf8)]
    fn count(room: &Room) -> String {
        room.greeted.to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
