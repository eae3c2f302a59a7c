// "The handlers are in a file of their own."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat;

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
