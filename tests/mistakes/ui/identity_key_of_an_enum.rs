// "All have a name."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[identity(key = name)]
    enum User {
        Admin { name: String },
        Plain { name: String },
    }

    #[on(handshake)]
    fn who(request: &Handshake) -> User {
        let name = request.path().to_owned();
        if name == "/admin" { User::Admin { name } } else { User::Plain { name } }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
