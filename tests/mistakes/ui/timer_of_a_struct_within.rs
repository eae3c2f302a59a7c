// "The name of the field is enough."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Seat {
        board: Board,
    }

    #[derive(Default)]
    struct Board {
        clock: Timer,
    }

    #[timer(clock)]
    fn too_slow(seat: &mut Seat) {
        seat.board.clock.stop();
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
