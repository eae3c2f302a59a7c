// "An alias is a type too."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[push]
    type Said = Vec<String>;
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
