// "What it returns goes to the peer."

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
    fn too_slow() -> &'static str {
        "too slow"
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
