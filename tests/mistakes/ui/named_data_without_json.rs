// "My type is read from the message by itself, as in NestJS."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Move {
        cell: u8,
    }

    #[on("move")]
    fn play(play: Move) -> u8 {
        play.cell
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
