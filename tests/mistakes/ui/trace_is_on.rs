// "I want tracing on."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, trace = "on")]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(_: &str) {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
