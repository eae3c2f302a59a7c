// "A struct is sent as JSON."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    pub struct Health {
        ok: bool,
    }

    #[get("/health")]
    fn health() -> Health {
        Health { ok: true }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
