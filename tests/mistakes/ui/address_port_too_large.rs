// "Ports go on, in text too."

use ws_runtime::prelude::*;

#[ws_server(listen = "1.2.3.4:99999")]
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
