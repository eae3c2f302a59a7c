// "One to look at, one to change."

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
    fn said(before: &Table, after: &mut Table) {
        after.moves = before.moves + 1;
    }
}

fn main() {}
