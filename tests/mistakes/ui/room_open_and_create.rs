// "`open` lets everybody in."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    struct Table {
        moves: u64,
    }

    #[on(create)]
    fn create() -> Table {
        Table { moves: 0 }
    }
}

fn main() {}
