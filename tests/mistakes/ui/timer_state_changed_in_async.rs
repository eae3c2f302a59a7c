// "An `async fn` that runs by the clock can change the state."

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

    #[timer(clock)]
    async fn too_slow(table: &mut Table) {
        table.moves = 0;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
