// "My struct is read from the message."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    struct Move {
        cell: u8,
    }

    #[on("move")]
    fn play(Json(play): Json<Move>) -> u8 {
        play.cell
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
