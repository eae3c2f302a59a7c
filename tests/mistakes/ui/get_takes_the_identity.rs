// "The page knows who is signed in."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[identity]
    struct User {
        name: String,
    }

    #[on(handshake)]
    fn who(Bearer(name): Bearer) -> User {
        User { name }
    }

    #[get("/me")]
    fn me(user: &User) -> String {
        user.name.clone()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
