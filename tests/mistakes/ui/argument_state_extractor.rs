// "The state is extracted as in axum."

use ws_runtime::prelude::*;

pub struct Texts;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    async fn said(State(texts): State<Texts>, text: String) -> String {
        texts.of(text)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
