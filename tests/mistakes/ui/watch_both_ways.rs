// "Either wakes it."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[watch(readable = std::io::stdin(), writable = std::io::stdout())]
    fn typed() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
