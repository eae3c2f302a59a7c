// "A tick is an event."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(tick)]
    fn clock(server: &Server) {
        server.broadcast_utf8("now");
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
