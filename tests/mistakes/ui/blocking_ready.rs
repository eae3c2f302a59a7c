// "The greeting is read from a file."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod library {
    #[on(ready, blocking)]
    fn greet() -> String {
        std::fs::read_to_string("greeting.txt").unwrap_or_default()
    }
}

fn main() -> ws_runtime::Result<()> {
    library::server().start()
}
