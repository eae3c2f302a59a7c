// "30 in a minute."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        admin: bool,
    }

    const MINUTE: &str = "minute";

    
    #[on("kick", rate = (30, MINUTE))]
    fn kick(Json(who): Json<String>) -> usize {
        who.len()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
