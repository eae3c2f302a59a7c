// "80 is understood."

use ws_runtime::prelude::*;

#[ws_server(listen = "localhost")]
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
