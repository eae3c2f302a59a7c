// "A closure in a constant."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    const SAID: fn(&str) = |_| {};
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
