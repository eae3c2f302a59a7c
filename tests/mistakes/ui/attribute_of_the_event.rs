// "Each event has an attribute, as in the original."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on_connect]
    fn knock(conn: &Conn) {
        let _ = conn;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
