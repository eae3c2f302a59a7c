// "A constant is a text too."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    const HEALTH: &str = "/health";

    #[get(HEALTH)]
    fn page() -> &'static str {
        "a page"
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
