// "All that is known."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[identity]
    struct User {
        name: String,
    }

    #[session]
    struct Guest {
        said: u64,
    }

    #[on(handshake)]
    fn who() -> (User, Guest, u64) {
        (User { name: String::new() }, Guest { said: 0 }, 0)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
