// "A message becomes the type that I ask for."

use ws_runtime::prelude::*;

#[derive(serde::Deserialize)]
pub struct Say {
    text: String,
}

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(say: Say) {
        let _ = say.text;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
