// "The handshake fills it in."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        name: String,
    }

    #[on(handshake)]
    fn admit(request: &Handshake, guest: &mut Guest) {
        guest.name = request.uri().to_string();
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
