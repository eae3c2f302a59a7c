// "Who plays, and the phase to change."

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

    #[on("leave")]
    fn leave(player: &Player, peer: &mut Peer) -> String {
        let name = player.name.clone();
        *peer = Peer::Guest;
        name
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
