// "The query can be asked for at any time."

use std::collections::HashMap;

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(Query(query): Query<HashMap<String, String>>) -> String {
        format!("{query:?}")
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
