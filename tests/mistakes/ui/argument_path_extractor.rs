// "The path is extracted as in axum."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(ready)]
    async fn hello(Path(room): Path<String>) -> String {
        room
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
