// "The answer borrows from its message."

use serde::Serialize;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[push(answer = &str)]
    #[derive(Serialize)]
    struct Confirm {
        text: &'static str,
    }

}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
