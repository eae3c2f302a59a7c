// "Each request is a handshake."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get("/me")]
    fn me(request: &Handshake) -> String {
        request.path().to_owned()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
