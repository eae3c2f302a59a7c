// "The lock is released in between."

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
    async fn hello(lobby: &mut Lobby) -> String {
        lobby.greeted += 1;
        format!("{} were here", lobby.greeted)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
