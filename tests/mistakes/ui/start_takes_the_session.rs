// "The session of the server."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest;

    #[on(start)]
    fn begin(_guest: &mut Guest) {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
