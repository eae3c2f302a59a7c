// "A message is bytes."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(data: &[u8]) -> Vec<u8> {
        data.to_vec()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
