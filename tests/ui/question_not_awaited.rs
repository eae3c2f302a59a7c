// "The answer comes at once."

use serde::Serialize;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[push(answer = bool)]
    #[derive(Serialize)]
    struct Confirm {
        text: &'static str,
    }

    #[on("delete")]
    fn delete(conn: &Conn) -> bool {
        conn.ask(Confirm { text: "sure?" }).unwrap_or(false)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
