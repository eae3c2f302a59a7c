// "A timer belongs to whoever started it."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Table {
        clock: Timer,
        moves: u32,
    }

    #[on(utf8)]
    fn play(table: &mut Table) {
        table.clock.start(5);
    }

    #[timer(clock)]
    fn too_slow(conn: &Conn, table: &mut Table) {
        table.moves = 0;
        let _ = conn.disconnect(4000, "too slow");
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
