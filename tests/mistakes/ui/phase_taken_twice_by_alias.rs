// "It is another type."

use ws_runtime::prelude::*;

type Gamer = chat::Player;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    pub enum Peer {
        #[default]
        Guest,
        Player(Player),
    }

    #[derive(Default)]
    pub struct Player {
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

    #[on("rename")]
    fn rename(player: &mut Gamer, same: &Player) {
        player.name = same.name.clone();
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
