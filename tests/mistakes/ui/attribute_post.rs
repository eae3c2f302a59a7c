// "Forms are posted."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[post("/form")]
    fn form() -> &'static str {
        "thanks"
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
