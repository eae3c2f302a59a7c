// "Who connects is asked when it has connected", by another name.

use ws_runtime::Bearer as Token;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(ready)]
    fn hello(token: Token) {
        drop(token);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
