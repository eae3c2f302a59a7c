// "A name can be as long as I like."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("a-name-that-is-so-long-that-the-runtime-would-not-repeat-it-in-its-replies")]
    fn long() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
