// "Handlers share what they take."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[derive(Default)]
    struct World {
        moves: u64,
    }

    #[on(ready)]
    fn hello(world: &World) -> String {
        world.moves.to_string()
    }

    #[on(utf8)]
    fn moved(world: &mut World) {
        world.moves += 1;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
