// "The text stays."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(text: &'static str) {
        let _ = text;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
