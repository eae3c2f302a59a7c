// "`Sever` looks right."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(text: &str, server: &Sever) {
        server.broadcast_utf8(text);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
