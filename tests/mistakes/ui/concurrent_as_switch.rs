// "Concurrency is on or off."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("say", concurrent = true)]
    async fn say(Json(text): Json<String>) -> String {
        text
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
