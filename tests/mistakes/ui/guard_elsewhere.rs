// "A function is a function, wherever it is."

use ws_runtime::prelude::*;

pub mod auth {
    pub fn admin() -> Result<(), ws_runtime::Reject> {
        Err(ws_runtime::Reject::forbidden())
    }
}

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        admin: bool,
    }

    
    #[on("kick", guard = crate::auth::admin)]
    fn kick(Json(who): Json<String>) -> usize {
        who.len()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
