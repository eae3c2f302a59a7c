// "A typo."

use serde::Serialize;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[push(answr = bool)]
    #[derive(Serialize)]
    struct Confirm;
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
