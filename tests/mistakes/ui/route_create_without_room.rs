// "What `create` returns is the room."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        struct Table(u64);

        #[on(create)]
        fn create(Path(id): Path<u64>) -> Table {
            Table(id)
        }
    }
}

fn main() {}
