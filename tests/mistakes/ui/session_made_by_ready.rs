// "The session begins when the connection is ready."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    struct Guest {
        id: u64,
    }

    #[on(ready)]
    fn hello(conn: &Conn) -> Guest {
        Guest { id: conn.id() }
    }

    #[on(utf8)]
    fn said(guest: &Guest) -> String {
        guest.id.to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
