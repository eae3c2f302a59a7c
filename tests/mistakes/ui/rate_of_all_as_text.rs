// "As it is written elsewhere."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, rate = "50/s")]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
