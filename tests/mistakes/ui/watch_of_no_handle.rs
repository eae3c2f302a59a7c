// "Anything can be watched."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[watch(readable = 5)]
    fn typed(number: &mut i32) {
        let _ = number;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
