// "Every event has a timeout."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(ready, timeout = 5)]
    async fn hello() -> &'static str {
        "hello"
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
