// "To send is to change the connection."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(ready)]
    fn hello(conn: &mut Conn) {
        let _ = conn.send_utf8("hello");
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
