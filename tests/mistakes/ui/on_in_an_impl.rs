// "A handler is a method of the session."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest;

    impl Guest {
        #[on(utf8)]
        fn said(&mut self, text: &str) -> String {
            text.to_owned()
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
