// "The argument says which one is meant."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    enum Peer {
        #[default]
        Guest,
        Player(Player),
        Admin(Admin),
    }

    #[derive(Default)]
    struct Player {
        clock: Timer,
    }

    #[derive(Default)]
    struct Admin {
        clock: Timer,
    }

    #[on(utf8)]
    fn play(peer: &mut Peer) {
        *peer = if matches!(peer, Peer::Guest) {
            Peer::Player(Player::default())
        } else {
            Peer::Admin(Admin::default())
        };
    }

    #[timer(clock)]
    fn too_slow(player: &mut Player) {
        player.clock.start(5);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
