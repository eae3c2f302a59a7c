// "As on the command line."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, silence-max = 20)]
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
