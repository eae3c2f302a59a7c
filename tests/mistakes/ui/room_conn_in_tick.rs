// "A tick of a room runs for each of its connections."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        rounds: u64,
    }

    #[tick(period = 1)]
    fn round(table: &mut Table, conn: &Conn) {
        table.rounds += conn.id();
    }
}

fn main() {}
