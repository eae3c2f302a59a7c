// "The default can be given here."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[state(default)]
    #[derive(Default)]
    pub struct Lobby {
        greeted: u64,
    }

    #[on(ready)]
    fn hello(lobby: &Lobby) -> String {
        lobby.greeted.to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
