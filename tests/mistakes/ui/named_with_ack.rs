// "An acknowledgement is sent by hand."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("say")]
    fn say(Json(text): Json<String>, ack: AckSender) {
        ack.send(&text);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
