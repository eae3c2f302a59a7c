// "The page knows who is signed in."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        name: String,
    }

    #[get("/me")]
    fn me(guest: &Guest) -> String {
        guest.name.clone()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
