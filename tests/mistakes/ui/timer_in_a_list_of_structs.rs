// "A timer is found wherever it is."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[derive(Default)]
    struct Round {
        clock: Timer,
    }

    #[session]
    #[derive(Default)]
    struct Seat {
        rounds: Vec<Round>,
    }

    #[timer(rounds)]
    fn too_slow(index: usize, seat: &mut Seat) {
        seat.rounds[index].clock.start(5);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
