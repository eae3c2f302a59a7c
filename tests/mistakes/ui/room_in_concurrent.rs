// "It only looks at the room."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        moves: u64,
    }

    #[on("look", concurrent = 4)]
    async fn look(table: &Table) -> u64 {
        table.moves
    }
}

fn main() {}
