// "A user can be renamed."

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
    fn rename(text: &str, user: &mut User) {
        user.name = text.to_owned();
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
