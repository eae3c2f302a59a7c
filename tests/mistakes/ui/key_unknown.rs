// "The limit on what is received is called `max_message_size`, as elsewhere."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, max_message_size = 1024)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
