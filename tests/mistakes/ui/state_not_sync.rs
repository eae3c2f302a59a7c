// "There is one thread."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Lobby {
        greeted: std::cell::Cell<u64>,
    }

    #[on(ready)]
    fn hello(lobby: &Lobby) -> String {
        lobby.greeted.get().to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
