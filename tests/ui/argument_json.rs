// "JSON is taken apart as in axum."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(Json(words): Json<Vec<String>>) -> String {
        words.concat()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
