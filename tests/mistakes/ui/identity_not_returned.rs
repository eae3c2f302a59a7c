// "`handshake` only has to check."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[identity]
    struct User {
        name: String,
    }

    #[on(handshake)]
    fn who(request: &Handshake) -> Result<(), Reject> {
        if request.query().is_some() { Ok(()) } else { Err(Reject::unauthorized()) }
    }

    #[on(utf8)]
    fn said(text: &str, user: &User) -> String {
        format!("{}: {text}", user.name)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
