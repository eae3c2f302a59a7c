// "Any integer will do."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, max_send_size = 64_u8)]
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
