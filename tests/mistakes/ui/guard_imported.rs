// "A function is a function."

use ws_runtime::prelude::*;

fn admin() -> Result<(), Reject> {
    Err(Reject::forbidden())
}

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        admin: bool,
    }

    
    #[on("kick", guard = admin)]
    fn kick(Json(who): Json<String>) -> usize {
        who.len()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
