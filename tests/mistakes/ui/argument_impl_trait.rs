// "Anything that is a string."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(text: impl AsRef<str>) {
        let _ = text.as_ref();
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
