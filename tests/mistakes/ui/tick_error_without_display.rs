// "Any error will do."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    struct Late;

    #[tick(period = 1)]
    fn clock() -> Result<(), Late> {
        Err(Late)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
