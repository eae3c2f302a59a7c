// "The arguments are whatever comes."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    unsafe extern "C" fn said(text: &str, ...) {
        let _ = text;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
