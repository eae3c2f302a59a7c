// "I upgrade the connection as in axum."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(handshake)]
    async fn upgrade(upgrade: WebSocketUpgrade) -> Response {
        upgrade.on_upgrade(|socket| async {})
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
