// "`server` is a good name."

use ws_runtime::prelude::*;

mod other {
    pub fn server() {}
}

#[ws_server(listen = 8080)]
mod chat {
    use super::other::server;

    #[on(shutdown)]
    fn stop() {
        server();
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
