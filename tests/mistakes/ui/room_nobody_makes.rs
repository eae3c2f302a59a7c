// "The room is made by `Default`, as the session is."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room]
    #[derive(Default)]
    struct Table {
        moves: u64,
    }

    #[on(utf8)]
    fn said(text: &str, table: &mut Table) {
        table.moves += text.len() as u64;
    }
}

fn main() {}
