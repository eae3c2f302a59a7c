// "What handlers change needs a mutex, here as everywhere."

use std::sync::Mutex;

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
    fn hello(lobby: &Mutex<Lobby>) -> String {
        lobby.lock().unwrap().greeted.to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
