// "Somebody is connected already."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(start)]
    fn begin(conn: &Conn) {
        println!("{}", conn.peer());
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
