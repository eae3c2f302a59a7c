// "64 KiB."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, max_recv_size = 0.5e5)]
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
