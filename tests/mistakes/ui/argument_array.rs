// "A message can have a fixed length."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(binary)]
    fn blob(data: &[u8; 4]) -> Vec<u8> {
        data.to_vec()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
