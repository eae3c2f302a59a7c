// "The body is JSON."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get("/search")]
    fn search(Json(query): Json<String>) -> String {
        query
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
