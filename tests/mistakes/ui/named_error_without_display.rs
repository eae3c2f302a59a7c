// "Any type of mine can be the error."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    struct Denied;

    #[on("open")]
    fn open() -> Result<(), Denied> {
        Err(Denied)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
