// "One function for both."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8, binary)]
    fn said() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
