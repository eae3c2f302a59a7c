// "I answer the runtime's own messages."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("$ping")]
    fn ping() -> &'static str {
        "pong"
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
