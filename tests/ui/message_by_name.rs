// "A string names a message of mine."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("rename")]
    fn rename(text: &str) {
        let _ = text;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
