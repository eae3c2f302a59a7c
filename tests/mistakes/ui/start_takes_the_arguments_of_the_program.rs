// "It is the main function."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(start)]
    fn begin(_arguments: Vec<String>) {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
