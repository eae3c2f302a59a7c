// "Two functions handle one message."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("say")]
    fn say(server: &Server) {
        server.broadcast_utf8("said");
    }

    #[on("say")]
    fn log(conn: &Conn) {
        println!("{}", conn.id());
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
