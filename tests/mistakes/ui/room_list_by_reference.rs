// "A list is borrowed."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table;

    #[on("tables")]
    fn tables(tables: &Rooms<Table>) -> usize {
        tables.len()
    }
}

fn main() {}
