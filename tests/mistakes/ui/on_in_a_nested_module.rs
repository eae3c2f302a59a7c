// "Handlers can be grouped."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    mod messages {
        use super::*;

        #[on(utf8)]
        pub fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
