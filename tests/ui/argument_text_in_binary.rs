// "A message is text."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(binary)]
    fn blob(data: &str) -> String {
        data.to_owned()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
