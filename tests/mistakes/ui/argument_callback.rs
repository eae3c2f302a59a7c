// "I acknowledge by a callback as in Socket.IO."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(text: &str, acknowledge: impl Fn(&str)) {
        acknowledge(text);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
