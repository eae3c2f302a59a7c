// "The table is the room." `#[room]` is missing.

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Seat {
        moves: u32,
    }

    #[derive(Default)]
    pub struct Table {
        pub clock: Timer,
    }

    #[timer(clock)]
    fn too_slow(room: &Room) {
        room.broadcast_utf8("too slow");
    }

    #[on(utf8)]
    fn play(seat: &mut Seat) {
        seat.moves += 1;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
