// "It has the name of the destructor."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        moves: u64,
    }

    #[on(destroy)]
    fn close(table: Table) {
        println!("{} moves", table.moves);
    }
}

fn main() {}
