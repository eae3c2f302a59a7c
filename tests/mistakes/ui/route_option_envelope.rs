// "This route names its keys in another way."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    #[route("/lobby", envelope(id = "ref"))]
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
