// "A handler has a path."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(request, path = "/health")]
    fn health() -> &'static str {
        "ok"
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
