// "The session is `self`."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest;

    #[on(ready)]
    fn hello(self: &mut Guest) {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
