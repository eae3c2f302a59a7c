// "Each path has a function, as in Rocket."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get("/health")]
    fn health() -> &'static str {
        "ok"
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
