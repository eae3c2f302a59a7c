// "0 means no limit."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, handshake_timeout = 0)]
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
