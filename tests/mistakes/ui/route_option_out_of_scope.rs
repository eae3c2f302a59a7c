// "The constant is just above."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    const LARGEST: usize = 1_000_000;

    #[route("/lobby", max_recv_size = LARGEST)]
    mod lobby {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
