// "Handlers share what they take."

use std::collections::HashMap;

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(text: &str, names: &mut HashMap<String, u64>) {
        *names.entry(text.to_owned()).or_default() += 1;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
