// "`create` says which type is the room."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/a/{id}")]
    mod a {
        use super::*;

        struct Table {
            number: u64,
        }

        #[on(create)]
        fn create(Path(id): Path<u64>) -> Table {
            Table { number: id }
        }

        #[on(utf8)]
        fn count(table: &mut Table) {
            table.number += 1;
        }

        #[on(empty)]
        fn end(table: Table) {
            let _ = table.number;
        }
    }
}

fn main() {}
