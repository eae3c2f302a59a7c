// "Another name is another session."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    use self::Guest as Person;

    #[session]
    #[derive(Default)]
    struct Guest {
        name: String,
    }

    #[on(utf8)]
    fn said(old: &Guest, new: &mut Person) {
        new.name = old.name.clone();
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
