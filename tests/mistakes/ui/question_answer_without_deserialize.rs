// "The answer is read by itself."

use serde::Serialize;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    struct Answer {
        yes: bool,
    }

    #[push(answer = Answer)]
    #[derive(Serialize)]
    struct Confirm {
        text: &'static str,
    }

    #[on("delete")]
    async fn delete(conn: &Conn) -> bool {
        conn.ask(Confirm { text: "sure?" }).await.is_ok_and(|answer| answer.yes)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
