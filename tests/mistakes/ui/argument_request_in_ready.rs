// "The request is still there when the connection is."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(ready)]
    fn hello(request: &Handshake) -> String {
        request.path().to_owned()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
