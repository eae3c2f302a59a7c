// "Each has its own handlers."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Lobby {
        greeted: u64,
    }

    #[state]
    #[derive(Default)]
    pub struct Bans {
        count: u64,
    }

    #[on(ready)]
    fn hello(lobby: &Lobby, bans: &Bans) -> String {
        (lobby.greeted - bans.count).to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
