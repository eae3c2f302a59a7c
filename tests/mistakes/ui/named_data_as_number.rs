// "The data is a number, so I take a number."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("add")]
    fn add(number: u32) -> u32 {
        number + 1
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
