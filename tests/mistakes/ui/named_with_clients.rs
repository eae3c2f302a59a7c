// "All clients are an argument, as in SignalR."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("say")]
    fn say(Json(text): Json<String>, clients: &Clients) {
        clients.all().send(&text);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
