// "Text messages come by `text`."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(text)]
    fn said(text: &str) {
        let _ = text;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
