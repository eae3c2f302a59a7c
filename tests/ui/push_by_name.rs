// "As in Socket.IO: `socket.emit('said', …)`."

use serde::Serialize;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[push]
    #[derive(Serialize)]
    struct Said {
        text: String,
    }

    #[on("say")]
    fn say(Json(text): Json<String>, conn: &Conn) {
        let _ = conn.emit("said", Said { text });
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
