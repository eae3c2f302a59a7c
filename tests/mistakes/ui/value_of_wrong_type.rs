// "A constant is a constant."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, silence_max = SECONDS)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }

    const SECONDS: &str = "20";
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
