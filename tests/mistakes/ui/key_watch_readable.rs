// "A watched handle is an option, as in the original."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, watch_readable = std::io::stdin())]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
