// "`Json` is what is sent."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("say")]
    fn say(conn: &Conn) {
        let _ = conn.send(Json(vec![1, 2]));
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
