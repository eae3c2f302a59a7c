// "The socket emits the answer, as in Socket.IO."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("say")]
    fn say(Json(text): Json<String>, socket: SocketRef) {
        socket.emit("said", &text);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
