// "Who makes the room has a session."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Seat {
        name: String,
    }

    #[room]
    struct Table {
        owner: String,
    }

    #[on(create)]
    fn create(seat: &Seat) -> Table {
        Table { owner: seat.name.clone() }
    }
}

fn main() {}
