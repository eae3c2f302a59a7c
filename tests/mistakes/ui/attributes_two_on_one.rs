// "The same function also runs by the clock."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(shutdown)]
    #[tick(period = 1)]
    fn clock(server: &Server) {
        server.broadcast_utf8("now");
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
