// "Where there is no such message, it is `None`."

use ws_runtime::prelude::*;

/// Implements nothing.
pub struct Say {
    pub text: String,
}

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(say: Option<Say>) {
        drop(say);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
