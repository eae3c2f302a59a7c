// "The room borrows its name from the request."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room]
    struct Table<'a> {
        name: &'a str,
    }

    #[on(ready)]
    fn hello(conn: &Conn) {
        let _ = conn;
    }
}

fn main() {}
