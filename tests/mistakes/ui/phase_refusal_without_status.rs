// "A text is enough."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    enum Peer {
        #[default]
        #[reject("sign in first")]
        Guest,
        Player(Player),
    }

    #[derive(Default)]
    struct Player {
        name: String,
    }

    #[on("sign_in")]
    fn sign_in(peer: &mut Peer) {
        *peer = Peer::Player(Player::default());
    }

    #[on("name")]
    fn name(player: &Player) -> String {
        player.name.clone()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
