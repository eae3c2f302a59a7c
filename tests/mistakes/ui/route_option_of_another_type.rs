// "It is for people to read."

use ws_runtime::prelude::*;

const PATIENCE: &str = "1 min";

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[route("/lobby", silence_max = PATIENCE)]
    mod lobby {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
