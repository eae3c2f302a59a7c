// "`empty` is the last `disconnect`."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Seat {
        mark: char,
    }

    #[room(open)]
    #[derive(Default)]
    struct Table {
        moves: u64,
    }

    #[on(empty)]
    fn close(table: Table, seat: &Seat) {
        println!("{} left after {} moves", seat.mark, table.moves);
    }
}

fn main() {}
