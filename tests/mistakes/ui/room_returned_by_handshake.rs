// "The handshake makes all that the peer needs."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room]
    struct Table {
        name: String,
    }

    #[on(handshake)]
    fn sit(request: &Handshake) -> Table {
        Table { name: request.path().to_owned() }
    }
}

fn main() {}
