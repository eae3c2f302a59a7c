// "I send what I like."

use serde::Serialize;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[derive(Serialize)]
    struct Said {
        text: String,
    }

    #[on("say")]
    fn say(Json(text): Json<String>, conn: &Conn) {
        let _ = conn.send(Said { text });
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
