// "What is returned is kept."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[room(open)]
        #[derive(Default)]
        struct Table {
            moves: u64,
        }

        #[on(empty)]
        fn close(table: Table) -> Table {
            table
        }
    }
}

fn main() {}
