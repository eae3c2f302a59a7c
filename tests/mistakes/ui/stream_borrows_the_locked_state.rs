// "A stream may keep the lock."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Lobby {
        said: u32,
    }

    #[on("say")]
    fn say(lobby: &mut Lobby) {
        lobby.said += 1;
    }

    #[on("count")]
    fn count(lobby: &Lobby) -> impl Stream<Item = u32> {
        futures_util::stream::iter(0..lobby.said)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
