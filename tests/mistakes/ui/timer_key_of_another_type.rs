// "The key is text."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Seat {
        moves: std::collections::HashMap<u64, Timer>,
    }

    #[timer(moves)]
    fn too_slow(name: &str, seat: &mut Seat) {
        seat.moves.clear();
        println!("{name}");
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
