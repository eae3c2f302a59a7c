// "Other messages come as text."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(message)]
    fn any(text: &str) -> usize {
        text.len()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
