// "The session of whoever started it is at hand."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Table {
        clock: Timer,
        moves: u32,
    }

    #[session]
    #[derive(Default)]
    struct Seat {
        moves: u32,
    }

    #[on(utf8)]
    fn play(table: &mut Table, seat: &mut Seat) {
        table.clock.start(5);
        seat.moves += 1;
    }

    #[timer(clock)]
    fn too_slow(seat: &mut Seat) {
        seat.moves = 0;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
