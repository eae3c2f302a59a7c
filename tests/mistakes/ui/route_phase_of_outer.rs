// "The inner route shares the phases of the outer one."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/chat")]
    mod chat {
        use super::*;

        #[session]
        #[derive(Default)]
        enum Peer {
            #[default]
            Guest,
            Player(Player),
        }

        struct Player;

        #[on("a")]
        fn a(peer: &mut Peer) {
            *peer = Peer::Player(Player);
        }

        #[route("/game")]
        mod game {
            use super::*;

            #[on("b")]
            fn b(player: &Player) {
                let _ = player;
            }
        }
    }
}

fn main() {}
