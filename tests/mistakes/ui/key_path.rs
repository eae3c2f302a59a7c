// "A server has a path."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, path = "/chat")]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
