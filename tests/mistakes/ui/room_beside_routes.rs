// "All routes share the room."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        moves: u64,
    }

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on(ready)]
        fn hello(conn: &Conn) {
            let _ = conn;
        }
    }
}

fn main() {}
