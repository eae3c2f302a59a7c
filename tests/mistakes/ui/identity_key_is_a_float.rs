// "A rating is a number."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[identity(key = rating)]
    struct User {
        rating: f64,
    }

    #[on(handshake)]
    fn who() -> User {
        User { rating: 1.0 }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
