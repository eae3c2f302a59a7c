// "The timer of a state can be handled in a route."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Lobby {
        clock: Timer,
    }

    #[route("/a/{id}")]
    mod a {
        use super::*;

        #[timer(clock)]
        fn late(lobby: &mut Lobby) {
            lobby.clock.start(1);
        }

        #[on(utf8)]
        fn count(lobby: &mut Lobby) {
            lobby.clock.start(1);
        }
    }
}

fn main() {}
