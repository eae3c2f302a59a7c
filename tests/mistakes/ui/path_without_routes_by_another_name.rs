// "Each server has paths."

use ws_runtime::prelude::*;

type Id = Path<u64>;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(handshake)]
    fn sit(id: super::Id) {
        println!("{}", id.0);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
