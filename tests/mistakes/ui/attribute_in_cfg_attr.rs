// "It is a handler only on Unix."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[cfg_attr(unix, on(utf8))]
    fn echo(text: &str) -> &str {
        text
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
