// "What `empty` takes is the room."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        struct Table(u64);

        #[on(empty)]
        fn close(table: Table) {
            let _ = table.0;
        }
    }
}

fn main() {}
