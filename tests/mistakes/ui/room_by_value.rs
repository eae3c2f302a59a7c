// "Arguments are taken by value, as extractors are."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        moves: u64,
    }

    #[on(utf8)]
    fn said(text: &str, table: Table) -> String {
        format!("{} {text}", table.moves)
    }
}

fn main() {}
