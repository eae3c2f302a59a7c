// "Each player has a tick."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    enum Peer {
        #[default]
        #[reject(401, "sign in first")]
        Guest,
        Player(Player),
        Watcher {
            since: u64,
        },
    }

    struct Player {
        name: String,
    }

    #[on("sign_in")]
    fn sign_in(Json(name): Json<String>, peer: &mut Peer) {
        *peer = if name.is_empty() { Peer::Watcher { since: 0 } } else { Peer::Player(Player { name }) };
    }

    #[on("since")]
    fn since(peer: &Peer) -> u64 {
        if let Peer::Watcher { since } = peer { *since } else { 0 }
    }

    #[on("name")]
    fn name(player: &Player) -> String {
        player.name.clone()
    }

    #[tick(period = 1)]
    fn tick(player: &Player, server: &Server) {
        server.broadcast_utf8(player.name.as_str());
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
