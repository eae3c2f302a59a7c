// "Any number will do."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    const PERIOD: &str = "1";

    #[tick(period = PERIOD)]
    fn clock(server: &Server) {
        server.broadcast_utf8("now");
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
