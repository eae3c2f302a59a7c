// "The environment knows the port."

use ws_runtime::prelude::*;

#[ws_server(listen = std::env::var("PORT"))]
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
