// "A handle of what all share."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Lobby {
        games: u64,
    }

    #[on("count")]
    async fn count(lobby: &Room<Lobby>) -> Option<u64> {
        lobby.with(|lobby| lobby.games).await
    }
}

fn main() {}
