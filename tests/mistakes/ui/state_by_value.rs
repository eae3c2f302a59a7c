// "The handler may have it."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Lobby {
        greeted: u64,
    }

    #[on(shutdown)]
    fn last_words(lobby: Lobby) {
        println!("{} were here", lobby.greeted);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
