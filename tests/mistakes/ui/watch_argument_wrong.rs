// "The watch gives the line."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[watch(readable = std::io::stdin())]
    fn typed(line: &str) {
        let _ = line;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
