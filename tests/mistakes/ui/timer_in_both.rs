// "The server knows which one is meant."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Seat {
        clock: Timer,
        moves: u32,
    }

    #[state]
    #[derive(Default)]
    struct Table {
        clock: Timer,
    }

    #[on(utf8)]
    fn play(seat: &mut Seat, table: &mut Table) {
        seat.clock.start(5);
        table.clock.start(5);
    }

    #[timer(clock)]
    fn too_slow(seat: &mut Seat) {
        seat.moves = 0;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
