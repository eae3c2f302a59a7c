// "The query is a list of its values."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod table {
    use super::*;

    #[on(handshake)]
    fn sit(query: Query, conn: &Conn) {
        let _ = (query, conn);
    }
}

fn main() -> ws_runtime::Result<()> {
    table::server().start()
}
