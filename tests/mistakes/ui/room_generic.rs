// "A room can hold any game."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table<G> {
        game: G,
    }

    #[on(ready)]
    fn hello(conn: &Conn) {
        let _ = conn;
    }
}

fn main() {}
