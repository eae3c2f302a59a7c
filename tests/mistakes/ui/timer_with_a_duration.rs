// "The attribute says when the timer is due."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        clock: Timer,
        moves: u32,
    }

    #[timer(clock, after = 30)]
    fn too_slow(table: &mut Table) {
        table.moves = 0;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
