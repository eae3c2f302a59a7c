// "As axum's `Extension<User>` gives it."

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

    #[on(utf8)]
    fn said(user: User) -> String {
        user.name
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
