// "One attribute marks all handlers of a type."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    struct Guest {
        name: String,
    }

    #[on(handshake)]
    impl Guest {
        fn name(&self) -> &str {
            &self.name
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
