// "One to read and one to peek."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    use std::io::Stdin;

    #[watch(readable = std::io::stdin())]
    fn typed(stdin: &mut Stdin, again: &Stdin) {
        let _ = (stdin, again);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
