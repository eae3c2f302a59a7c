// "As in \`derive(Reject)\`."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    enum Peer {
        #[default]
        #[reject(401, "sign in first")]
        Guest,
        #[reject(409, "{0} is busy")]
        Player(Player),
    }

    #[derive(Default)]
    struct Player {
        name: String,
    }

    #[on("name")]
    fn name(player: &Player, server: &Server) {
        server.broadcast_utf8(player.name.as_str());
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
