// "The close code is an argument, as in the original."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(disconnect)]
    fn bye(conn: &Conn, code: u16) {
        let _ = (conn, code);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
