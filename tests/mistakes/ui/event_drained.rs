// "As the event of a socket is called elsewhere."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(drained)]
    fn go_on(conn: &Conn) {
        let _ = conn.send_utf8("next");
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
