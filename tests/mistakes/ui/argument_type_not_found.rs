// "It is imported, surely."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(text: &str, clock: &Clock) {
        let _ = (text, clock);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
