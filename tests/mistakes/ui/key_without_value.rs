// "`nodelay` alone turns it on."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, nodelay)]
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
