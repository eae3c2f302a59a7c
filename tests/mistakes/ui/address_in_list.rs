// "One of the two is right."

use ws_runtime::prelude::*;

#[ws_server(listen = ["127.0.0.1:80", "here"])]
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
