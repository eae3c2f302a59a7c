// "What runs by the clock is an event."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(timer)]
    fn handler() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
