// "What the handshake returns is the identity."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    struct User {
        name: String,
    }

    #[on(handshake)]
    fn admit(request: &Handshake) -> Option<User> {
        let name = request.query()?.to_owned();
        Some(User { name })
    }

    #[on(utf8)]
    fn said(text: &str, user: &User) -> String {
        format!("{}: {text}", user.name)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
