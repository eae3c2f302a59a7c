// "Every event has a rate."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(disconnect, rate = 5)]
    fn gone() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
