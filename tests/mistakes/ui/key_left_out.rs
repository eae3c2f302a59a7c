// "The port is all it needs to know."

use ws_runtime::prelude::*;

#[ws_server(8080)]
mod chat {}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
