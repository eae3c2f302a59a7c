// "It works for any text."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said<T: AsRef<str>, const N: usize>(text: T) {
        let _ = text.as_ref();
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
