// "`false` refuses."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(handshake)]
    fn admit(request: &Handshake) -> bool {
        request.headers().contains_key("cookie")
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
