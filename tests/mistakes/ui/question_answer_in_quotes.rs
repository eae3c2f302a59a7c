// "The type stands in quotes."

use serde::Serialize;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[push(answer = "bool")]
    #[derive(Serialize)]
    struct Confirm {
        text: &'static str,
    }

}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
