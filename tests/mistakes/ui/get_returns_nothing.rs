// "It only counts."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get("/count")]
    fn count() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
