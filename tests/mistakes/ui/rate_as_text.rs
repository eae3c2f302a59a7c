// "A rate is written as in nginx."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("say", rate = "5/s")]
    fn say(Json(text): Json<String>) -> String {
        text
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
