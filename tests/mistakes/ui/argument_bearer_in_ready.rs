// "Who connects is asked when it has connected."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(ready)]
    fn hello(token: Option<Bearer>) -> &'static str {
        if token.is_some() { "welcome back" } else { "welcome" }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
