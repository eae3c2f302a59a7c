// "`open` is enough."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    struct Table {
        moves: u64,
    }

    #[on(utf8)]
    fn said(text: &str, table: &mut Table) {
        table.moves += text.len() as u64;
    }
}

fn main() {}
