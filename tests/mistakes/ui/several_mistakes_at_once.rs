// Each of them is reported, not only the first.

use ws_runtime::prelude::*;

#[ws_server(listen = 70000, nodelay = 1)]
mod chat {
    use super::*;

    #[on(utf9)]
    fn echo(text: &str) -> &str {
        text
    }

    #[tick(period = 0)]
    fn clock(server: &Server) {
        server.broadcast_utf8("now");
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
