// "`disconect` looks right."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(disconect)]
    fn bye(close: &Close) {
        let _ = close;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
