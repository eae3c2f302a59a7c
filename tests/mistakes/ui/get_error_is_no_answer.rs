// "All errors are logged."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    pub struct Away;

    #[get("/health")]
    fn health() -> Result<&'static str, Away> {
        Err(Away)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
