// "A timer is given its period, as a tick is."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[timer(period = 5)]
    fn every_so_often(server: &Server) {
        server.broadcast_utf8("tick");
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
