// "The peer's address is an argument."

use std::net::SocketAddr;

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(ready)]
    fn hello(peer: SocketAddr) -> String {
        peer.to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
