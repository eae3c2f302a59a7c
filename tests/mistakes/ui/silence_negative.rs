// "-1 turns it off."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, silence_max = -1)]
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
