// "Everything a peer sends can be limited."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        admin: bool,
    }

    
    #[on(pong, rate = 5)]
    fn pong() {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
