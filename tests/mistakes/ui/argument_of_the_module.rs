// "A message becomes the type that I ask for."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Say {
        text: String,
    }

    #[on(utf8)]
    fn said(say: Say) {
        let _ = say.text;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
