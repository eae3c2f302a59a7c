// "Another name is another session."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        name: String,
    }

    type Person = Guest;

    #[on(utf8)]
    fn said(old: &Guest, new: &mut Person) {
        new.name = old.name.clone();
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
