// "A room is used by one connection at a time."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        board: std::rc::Rc<u64>,
    }

    #[on(ready)]
    fn hello(table: &Table) -> String {
        table.board.to_string()
    }
}

fn main() {}
