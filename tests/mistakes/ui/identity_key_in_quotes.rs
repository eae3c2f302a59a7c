// "As serde's attributes."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[identity(key = "name")]
    struct User {
        name: String,
    }

    #[on(handshake)]
    fn who() -> User {
        User { name: String::new() }
    }

}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
