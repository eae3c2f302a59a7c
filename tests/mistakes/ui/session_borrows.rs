// "The name was borrowed all the way."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest<'a> {
        name: &'a str,
    }

    #[on(ready)]
    fn hello(guest: &Guest<'_>) -> String {
        guest.name.to_owned()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
