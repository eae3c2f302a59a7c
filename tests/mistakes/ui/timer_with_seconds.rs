// "A timer is given its seconds."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[timer(5)]
    fn every_so_often(server: &Server) {
        server.broadcast_utf8("tick");
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
