// "A path can have several rooms, as a server has several states."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        moves: u64,
    }

    #[room(open)]
    #[derive(Default)]
    struct Watchers {
        count: u64,
    }

    #[on(ready)]
    fn hello(table: &mut Table, room: &Room<Watchers>) {
        table.moves += room.later(|watchers| watchers.count += 1) as u64;
    }
}

fn main() {}
