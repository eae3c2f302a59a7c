// "The host and port that it listens on."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, hosts = ["example.org:8080"])]
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
