// "It is serialised by itself."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[push]
    struct Said {
        text: String,
    }

    #[on("say")]
    fn say(Json(text): Json<String>, server: &Server) {
        server.broadcast(Said { text });
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
