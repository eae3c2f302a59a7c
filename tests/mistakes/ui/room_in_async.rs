// "The lock is an async one."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        moves: u64,
    }

    #[on("move")]
    async fn play(table: &mut Table) -> u64 {
        table.moves += 1;
        table.moves
    }
}

fn main() {}
