// "The room is made by the first peer that is ready."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room]
    struct Table {
        moves: u64,
    }

    #[on(create)]
    fn create() -> Table {
        Table { moves: 0 }
    }

    #[on(ready)]
    fn hello() -> Table {
        Table { moves: 1 }
    }
}

fn main() {}
