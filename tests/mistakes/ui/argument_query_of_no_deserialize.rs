// "Every struct can be read from the query."

use ws_runtime::prelude::*;

pub struct Sit {
    pub seat: u8,
}

#[ws_server(listen = 8080)]
mod table {
    use super::*;

    #[on(handshake)]
    fn sit(query: Query<Sit>, conn: &Conn) {
        let _ = (query, conn);
    }
}

fn main() -> ws_runtime::Result<()> {
    table::server().start()
}
