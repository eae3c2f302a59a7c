// "Each prepares its own."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(start)]
    fn first() {}

    #[on(start)]
    fn second() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
