// "Errors have a handler, as in the browser."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(error)]
    fn handler() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
