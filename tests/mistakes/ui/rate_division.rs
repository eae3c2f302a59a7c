// As the environment and the table of options write it.

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, rate = 30 / 60)]
mod chat {
    use super::*;

    #[on("said", rate = 5/60)]
    fn said(Json(text): Json<String>) -> usize {
        text.len()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
