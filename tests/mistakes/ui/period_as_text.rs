// "Durations are written with their unit."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[tick(period = "1s")]
    fn clock(server: &Server) {
        server.broadcast_utf8("now");
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
