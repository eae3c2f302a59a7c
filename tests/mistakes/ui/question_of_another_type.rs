// "The answer is what I want it to be."

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
    async fn delete(conn: &Conn) -> bool {
        let answer: Result<String, _> = conn.ask(Confirm { text: "sure?" }).await;
        answer.is_ok()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
