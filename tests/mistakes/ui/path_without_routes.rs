// "Each server has paths."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(handshake)]
    fn sit(Path(id): Path<u64>) {
        println!("{id}");
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
