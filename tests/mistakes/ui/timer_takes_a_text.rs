// "There is a message."

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
    fn too_slow(text: &str, seat: &mut Seat) {
        seat.moves = text.len() as u32;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
