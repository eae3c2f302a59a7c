// "What counts down is a timer."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[derive(Default)]
    struct Countdown(u64);

    #[session]
    #[derive(Default)]
    struct Seat {
        clock: Countdown,
    }

    #[timer(clock)]
    fn too_slow(seat: &mut Seat) {
        seat.clock.0 = 0;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
