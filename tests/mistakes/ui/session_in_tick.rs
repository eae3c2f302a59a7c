// "The tick sees every session."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        name: String,
    }

    #[tick(period = 1)]
    fn clock(guest: &Guest) {
        println!("{}", guest.name);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
