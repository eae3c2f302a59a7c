// "The macro finds it by itself."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[derive(Default)]
    struct Guest {
        name: String,
    }

    #[on(utf8)]
    fn said(text: &str, guest: &mut Guest) {
        guest.name = text.to_owned();
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
