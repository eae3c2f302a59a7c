// "The address is all that a peer has."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    use std::time::Instant;

    #[session]
    #[derive(Default)]
    enum Peer {
        #[default]
        Guest,
        Player(Instant),
    }

    #[on("sign_in")]
    fn sign_in(peer: &mut Peer) {
        *peer = Peer::Player(Instant::now());
    }

    #[on("since")]
    fn since(player: &Instant) -> u64 {
        player.elapsed().as_secs()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
