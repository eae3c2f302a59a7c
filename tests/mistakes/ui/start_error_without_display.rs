// "Any error will do."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    pub struct Away;

    #[on(start)]
    fn begin() -> Result<(), Away> {
        Err(Away)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
