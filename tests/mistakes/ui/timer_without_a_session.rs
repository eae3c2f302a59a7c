// "A timer needs no place."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[timer(clock)]
    fn too_slow(conn: &Conn) {
        let _ = conn.disconnect(4000, "too slow");
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
