// "A push is a handler."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[push]
    fn said() -> String {
        "hello".to_owned()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
