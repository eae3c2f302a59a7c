// "It is called so in other tools."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, rate_limit = 50)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
