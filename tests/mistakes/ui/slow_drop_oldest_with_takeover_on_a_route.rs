// "The latest messages, and small ones, on this route."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[route("/prices", compression = "context_takeover", slow = "drop_oldest")]
    mod prices {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
