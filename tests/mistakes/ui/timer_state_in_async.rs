// "A state with timers is like any other."

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

    #[on(ready)]
    async fn count(table: &Table) -> String {
        table.moves.to_string()
    }

    #[timer(clock)]
    fn too_slow(server: &Server) {
        server.broadcast_utf8("too slow");
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
