// "A `String` can be borrowed."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(text: &String) -> String {
        text.clone()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
