// "A key may be any text."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, envelope(type = "the event"))]
mod chat {
    use super::*;

    #[on("say")]
    fn say(Json(text): Json<String>) -> String {
        text
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
