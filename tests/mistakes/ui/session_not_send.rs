// "One thread."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        names: std::rc::Rc<u8>,
    }

    #[on(utf8)]
    fn said(guest: &Guest) -> String {
        guest.names.to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
