// "One handler can serve two timers."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Seat {
        clock: Timer,
        warning: Timer,
    }

    #[timer(clock, warning)]
    fn too_slow(seat: &mut Seat) {
        seat.clock.stop();
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
