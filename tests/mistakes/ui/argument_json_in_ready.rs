// "The first message comes with `ready`."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(ready)]
    fn hello(Json(words): Json<Vec<String>>) -> String {
        words.concat()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
