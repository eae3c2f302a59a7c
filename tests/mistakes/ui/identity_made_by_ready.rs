// "It is known once the peer is ready."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[identity]
    struct User {
        name: String,
    }

    #[on(handshake)]
    fn who() -> Option<User> {
        None
    }

    #[on(ready)]
    fn hello() -> User {
        User { name: String::new() }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
