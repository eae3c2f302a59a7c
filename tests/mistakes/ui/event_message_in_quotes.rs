// "It is called as in Socket.IO."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("message")]
    fn said(text: &str) -> String {
        text.to_owned()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
