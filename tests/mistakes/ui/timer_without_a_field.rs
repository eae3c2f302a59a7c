// "There is one timer."

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

    #[timer]
    fn too_slow(seat: &mut Seat) {
        seat.moves = 0;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
