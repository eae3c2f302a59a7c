// "The stream looks at the room as long as it runs."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        moves: Vec<u64>,
    }

    #[on("moves")]
    fn moves(table: &Table) -> impl Stream<Item = u64> {
        ws_runtime_stream(&table.moves)
    }

    fn ws_runtime_stream(moves: &[u64]) -> futures_util::stream::Iter<std::vec::IntoIter<u64>> {
        futures_util::stream::iter(moves.to_vec())
    }
}

fn main() {}
