// "The database is chosen later."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[state]
    pub struct Lobby<D> {
        database: D,
    }

    #[on(ready)]
    fn hello(lobby: &Lobby<u8>) -> String {
        lobby.database.to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
