// "Any push can be asked."

use serde::Serialize;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[push]
    #[derive(Serialize)]
    struct Confirm {
        text: &'static str,
    }

    #[on("delete")]
    async fn delete(conn: &Conn) -> bool {
        conn.ask(Confirm { text: "sure?" }).await.unwrap_or(false)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
