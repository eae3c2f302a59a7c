// "What `ready` returns is sent as JSON."

use serde::Serialize;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[derive(Serialize)]
    struct Welcome {
        visitors: u64,
    }

    #[on(ready)]
    fn hello() -> Welcome {
        Welcome { visitors: 1 }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
