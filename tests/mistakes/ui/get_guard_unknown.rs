// "The guard is somewhere."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get("/users", guard = admin)]
    fn users() -> &'static str {
        "all"
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
