// "Binary messages are text as well."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(binary)]
    fn said(text: &str) {
        let _ = text;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
