// "Any text says why."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(handshake)]
    fn admit(request: &Handshake) -> Result<(), u32> {
        let _ = request;
        Err(7)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
