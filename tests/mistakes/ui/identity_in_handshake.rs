// "It is known by then."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[identity]
    struct User {
        name: String,
    }

    #[on(handshake)]
    fn who(user: &User) -> User {
        User { name: user.name.clone() }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
