// "All pages are the same."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get]
    fn page() -> &'static str {
        "a page"
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
