// "A text is sent by `send`."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("say")]
    fn say(conn: &Conn) {
        let _ = conn.send("hello");
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
