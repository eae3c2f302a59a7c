// "Admitting is enough."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    struct Guest {
        name: String,
    }

    #[on(handshake)]
    fn admit(request: &Handshake) -> Result<(), Reject> {
        let _ = request;
        Ok(())
    }

    #[on(utf8)]
    fn said(guest: &Guest) -> String {
        guest.name.clone()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
