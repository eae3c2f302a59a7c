// "The second one is empty."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on(handshake)]
        fn sit(Path((_id, _side)): Path<(u64, String)>) {}
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
