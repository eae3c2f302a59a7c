// "What implements `Serialize` is sent as JSON."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[derive(serde::Serialize)]
    struct Heard {
        length: usize,
    }

    #[on(utf8)]
    fn said(text: &str) -> Heard {
        Heard { length: text.len() }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
