// "Numbers are pages."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(request)]
    fn page() -> u16 {
        404
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
