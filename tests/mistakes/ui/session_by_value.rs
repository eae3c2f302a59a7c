// "The last message takes it."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        name: String,
    }

    #[on(utf8)]
    fn said(guest: Guest) -> String {
        guest.name
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
