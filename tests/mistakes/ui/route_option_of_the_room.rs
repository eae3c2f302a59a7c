// "A room without peers is kept for 10 seconds."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    #[route("/lobby", keep = 10)]
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
