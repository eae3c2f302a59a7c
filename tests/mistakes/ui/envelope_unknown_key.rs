// "Every key of the envelope has a name to choose."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, envelope(error = "fault"))]
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
