// "An address needs no quotes."

use ws_runtime::prelude::*;

#[ws_server(listen = 127.0.0.1:8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
