// "It is written as an option."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room = 10]
    #[derive(Default)]
    struct Table;

    #[on(create)]
    fn create() -> Table {
        Table
    }
}

fn main() {}
