// "One for each kind of table."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room]
    struct Table;

    #[on(create)]
    fn small() -> Table {
        Table
    }

    #[on(create)]
    fn large() -> Table {
        Table
    }
}

fn main() {}
