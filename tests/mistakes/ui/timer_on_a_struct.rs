// "The struct is marked, with its field."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    #[timer(clock)]
    struct Seat {
        clock: Timer,
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
