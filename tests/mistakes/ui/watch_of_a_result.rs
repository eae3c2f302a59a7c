// "Opening it is enough."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[watch(readable = std::fs::File::open("/dev/null"))]
    fn typed() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
