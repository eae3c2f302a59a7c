// "A name from another module is as good."

use ws_runtime::prelude::*;

mod names {
    pub type Board = super::tables::Table;
}

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    pub struct Table {
        moves: u64,
    }

    #[on(utf8)]
    fn said(text: &str, board: &mut names::Board) {
        board.moves += text.len() as u64;
    }
}

fn main() {}
