// "Any struct can hold a timer."

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

    #[derive(Default)]
    struct Board {
        clock: Timer,
    }

    #[timer(Board.clock)]
    fn too_slow(seat: &mut Seat) {
        seat.moves = Board::default().clock.is_running().into();
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
