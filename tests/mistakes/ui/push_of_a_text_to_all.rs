// "A text is broadcast by `broadcast`."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("say")]
    fn say(server: &Server) {
        server.broadcast("hello");
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
