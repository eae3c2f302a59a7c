// "The rest ends where the next slash is."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get("/{*files}/download")]
    fn page() -> &'static str {
        "a page"
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
