// "Every type of mine is found."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        admin: bool,
    }

    struct Admins(Vec<String>);

    fn admin(admins: &Admins) -> Result<(), Reject> {
        if admins.0.is_empty() { Ok(()) } else { Err(Reject::forbidden()) }
    }


    #[on("kick", guard = admin)]
    fn kick(Json(who): Json<String>) -> usize {
        who.len()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
