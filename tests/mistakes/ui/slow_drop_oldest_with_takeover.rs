// "The latest messages, and small ones."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, slow = "drop_oldest", compression = "context_takeover")]
mod chat {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
