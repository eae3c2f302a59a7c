// "The handler gets the message that was dropped."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(drain)]
    fn again(text: &str) -> &str {
        text
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
