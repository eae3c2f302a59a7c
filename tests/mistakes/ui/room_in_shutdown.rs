// "`shutdown` runs for each room."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        moves: u64,
    }

    #[on(shutdown)]
    fn last_words(table: &Table) {
        println!("{} moves", table.moves);
    }
}

fn main() {}
