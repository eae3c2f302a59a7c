// "An empty name takes all messages."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("")]
    fn any(Json(number): Json<u32>) -> u32 {
        number
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
