// "It is a type of each connection."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        name: String,
    }

    #[on(utf8)]
    fn said(text: &str, server: &Server) {
        server.connections_of(|guest: &Guest| guest.name == "ann").broadcast_utf8(text);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
