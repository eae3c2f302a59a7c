// "`server` is a good name."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }

    fn server() -> &'static str {
        "mine"
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
