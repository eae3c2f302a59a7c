// "No handler here changes it."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    #[state(lock)]
    #[derive(Default)]
    struct Lobby {
        greeted: u64,
    }

    #[on(utf8)]
    async fn count(lobby: &Lobby) -> String {
        lobby.greeted.to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
