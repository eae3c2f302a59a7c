// "There is one as soon as someone knocks."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        name: String,
    }

    #[on(connect)]
    fn knock(guest: &mut Guest) {
        guest.name.clear();
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
