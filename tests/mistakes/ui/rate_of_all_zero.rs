// "0 turns the limit off."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, rate = 0)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
