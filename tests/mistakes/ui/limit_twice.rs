// "The second value counts."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("say", timeout = 1, timeout = 2)]
    async fn say(Json(text): Json<String>) -> String {
        text
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
