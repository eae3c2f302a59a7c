// "`server` is a good name."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(shutdown)]
    fn server() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
