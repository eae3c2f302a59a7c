// "It says yes or no."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        admin: bool,
    }

    fn admin(guest: &Guest) -> bool {
        guest.admin
    }


    #[on("kick", guard = admin)]
    fn kick(Json(who): Json<String>) -> usize {
        who.len()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
