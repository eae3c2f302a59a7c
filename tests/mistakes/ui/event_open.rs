// "It is called as in the browser."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(open)]
    fn handler() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
