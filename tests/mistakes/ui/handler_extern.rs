// "It is called from C as well."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    extern "C" fn said(server: &Server) {
        let _ = server;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
