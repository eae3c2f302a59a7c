// "The handshake makes the room."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/a/{id}")]
    mod a {
        use super::*;

        #[room]
        struct Table(u64);

        #[on(handshake)]
        fn create(Path(id): Path<u64>) -> Table {
            Table(id)
        }

        #[on(utf8)]
        fn count(table: &mut Table) {
            table.0 += 1;
        }
    }
}

fn main() {}
