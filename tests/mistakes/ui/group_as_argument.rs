// "The group of this connection, as SignalR's `Groups`."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(text: &str, group: &Group) {
        group.broadcast_utf8(text);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
