// "Each user has a tick."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[identity]
    struct User {
        name: String,
    }

    #[on(handshake)]
    fn who() -> User {
        User { name: String::new() }
    }

    #[tick(period = 1)]
    fn tick(user: &User, server: &Server) {
        server.broadcast_utf8(user.name.as_str());
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
