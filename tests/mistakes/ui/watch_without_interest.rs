// "What is watched is all it needs to know."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    #[watch(std::io::stdin())]
    fn typed() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
