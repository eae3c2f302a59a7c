// "Events are named in quotes."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("binary")]
    fn data(data: &[u8]) -> usize {
        data.len()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
