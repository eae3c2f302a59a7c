// "It is to be read."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[watch(readible = std::io::stdin())]
    fn typed(stdin: &mut std::io::Stdin) {
        let _ = stdin;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
