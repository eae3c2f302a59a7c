// "It looks at the name of the message."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        admin: bool,
    }

    fn admin(message: &Envelope<'_>) -> Result<(), Reject> {
        if message.name() == "kick" { Ok(()) } else { Err(Reject::forbidden()) }
    }


    #[on("kick", guard = admin)]
    fn kick(Json(who): Json<String>) -> usize {
        who.len()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
