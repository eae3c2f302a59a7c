// "A group has a name, as Socket.IO's rooms."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Rooms {
        rust: Group,
    }

    #[on(utf8)]
    fn said(text: &str, conn: &Conn, rooms: &Rooms) {
        rooms.rust.insert(conn);
        rooms.rust.broadcast(text);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
