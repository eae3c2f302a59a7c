// "What `create` returns is the room."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    struct Table {
        moves: u64,
    }

    #[on(create)]
    fn create(request: &Handshake) -> Table {
        Table { moves: request.path().len() as u64 }
    }
}

fn main() {}
