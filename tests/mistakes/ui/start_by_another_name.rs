// "As in FastAPI."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(startup)]
    fn begin() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
