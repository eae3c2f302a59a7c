// "`handshke` looks right."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    struct Guest {
        name: String,
    }

    #[on(handshke)]
    fn admit(request: &Handshake) -> Guest {
        Guest { name: request.path().to_owned() }
    }

    #[on(utf8)]
    fn said(text: &str, guest: &Guest) -> String {
        format!("{}: {text}", guest.name)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
