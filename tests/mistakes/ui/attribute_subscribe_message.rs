// "A message is subscribed to, as in NestJS."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[subscribe_message("chat")]
    fn said(text: &str) -> String {
        text.to_owned()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
