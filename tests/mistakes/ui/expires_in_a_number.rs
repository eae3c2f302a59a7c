// "`exp` is a number in the token."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(handshake)]
    fn who(request: &Handshake) {
        let exp: u64 = 1_900_000_000;
        request.expires(exp);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
