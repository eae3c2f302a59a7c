// "The second one overrides the first."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get("/health")]
    fn health() -> &'static str {
        "ok"
    }

    #[get("/health")]
    fn well() -> &'static str {
        "well"
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
