// "A name for the type is enough."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    type Table = Vec<String>;

    #[room(open)]
    type Board = Table;

    #[on(ready)]
    fn hello(conn: &Conn) {
        let _ = conn;
    }
}

fn main() {}
