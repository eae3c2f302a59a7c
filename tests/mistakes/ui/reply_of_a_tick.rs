// "What a tick returns goes to everybody."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[tick(period = 1)]
    fn clock() -> String {
        String::from("now")
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
