// "Pages have limits, as messages do."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get("/health", rate = 5)]
    fn health() -> &'static str {
        "ok"
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
