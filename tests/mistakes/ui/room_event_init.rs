// "GenServer calls it init."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[room]
        struct Table {
            moves: u64,
        }

        #[on(init)]
        fn init(Path(id): Path<u64>) -> Table {
            Table { moves: id }
        }
    }
}

fn main() {}
