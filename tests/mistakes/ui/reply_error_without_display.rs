// "Any error will do."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    struct Refused;

    #[on(utf8)]
    fn said(text: &str) -> Result<String, Refused> {
        if text.is_empty() { Err(Refused) } else { Ok(text.to_owned()) }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
