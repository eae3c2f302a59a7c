// "The data of a message is its text."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("say")]
    fn say(text: &str) -> String {
        text.to_uppercase()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
