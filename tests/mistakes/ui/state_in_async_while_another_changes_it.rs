// "Reading does no harm."

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
    fn hello(lobby: &mut Lobby) {
        lobby.greeted += 1;
    }

    #[on(utf8)]
    async fn count(lobby: &Lobby) -> String {
        lobby.greeted.to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
