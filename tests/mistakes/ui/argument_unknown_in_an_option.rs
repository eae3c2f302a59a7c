// "Where the message has no number, it is `None`."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(number: Option<u32>, conn: &Conn) {
        let _ = (number, conn);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
