// "Each handler can stand where it likes."

use ws_runtime::prelude::*;

#[get("/health")]
fn health() -> &'static str {
    "ok"
}

#[ws_server(listen = 8080)]
mod chat {}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
