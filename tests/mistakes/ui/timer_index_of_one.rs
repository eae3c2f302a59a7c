// "Every timer has a number."

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

    #[timer(clock)]
    fn too_slow(index: usize, seat: &mut Seat) {
        seat.moves = index as u32;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
