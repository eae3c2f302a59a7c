// "The macro writes a function."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    macro_rules! echo {
        ($name:ident) => {
            fn $name(text: &str) -> &str {
                text
            }
        };
    }

    #[on(utf8)]
    echo!(said);
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
