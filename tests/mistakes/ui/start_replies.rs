// "What it returns is logged."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(start)]
    fn begin() -> String {
        String::from("ready")
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
