// "What handlers share is behind an `Arc` and a `Mutex`."

use std::sync::{Arc, Mutex};

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(text: &str, texts: Arc<Mutex<Vec<String>>>) {
        texts.lock().unwrap().push(text.to_owned());
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
