// "Many replies are an iterator."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("count")]
    fn count() -> impl Iterator<Item = u32> {
        0..3
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
