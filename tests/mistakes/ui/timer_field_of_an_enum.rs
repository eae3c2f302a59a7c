// "An enum can hold a timer."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    enum Peer {
        #[default]
        Guest,
    }

    #[timer(clock)]
    fn too_slow(peer: &mut Peer) {
        *peer = Peer::Guest;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
