// "What the handshake returns is the session."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    struct Guest {
        path: String,
    }

    #[on(handshake)]
    fn admit(request: &Handshake) -> Result<Guest, Reject> {
        Ok(Guest { path: request.path().to_owned() })
    }

    #[on(utf8)]
    fn said(text: &str, guest: &Guest) -> String {
        format!("{}: {text}", guest.path)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
