// "What is said to all has the name of what was said."

use serde::Serialize;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("say")]
    fn say(Json(text): Json<String>, server: &Server) {
        server.broadcast(Say { text });
    }

    #[push]
    #[derive(Serialize)]
    struct Say {
        text: String,
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
