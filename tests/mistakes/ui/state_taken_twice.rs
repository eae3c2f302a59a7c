// "One to read, one to write."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Lobby {
        greeted: u64,
    }

    #[on(ready)]
    fn hello(lobby: &Lobby, change: &mut Lobby) {
        change.greeted = lobby.greeted + 1;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
