// "The connection is always there."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[tick(period = 1)]
    fn clock(conn: &Conn) {
        let _ = conn;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
