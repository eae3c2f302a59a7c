// "A peer can be rejected at any time."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(ready)]
    fn hello() -> Result<(), Reject> {
        Err(Reject::forbidden())
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
