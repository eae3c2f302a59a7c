// "A handler is an option, as in the original."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, on_connect = greet)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
