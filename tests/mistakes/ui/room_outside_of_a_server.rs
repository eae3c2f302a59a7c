// "The type can stand beside the server."

use ws_runtime::prelude::*;

#[room]
struct Table;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[on(ready)]
    fn hello(conn: &Conn) {
        let _ = conn;
    }
}

fn main() {}
