// "The balancer asks for /health, and my handler answers."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, health = "/health")]
mod chat {
    use super::*;

    #[get("/health")]
    fn health() -> &'static str {
        "well"
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
