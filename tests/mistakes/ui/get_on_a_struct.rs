// "The page is a type."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get("/health")]
    struct Health;
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
