// "The pool is all that has to be given."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[state]
    pub struct Pool {
        size: u64,
    }

    #[state]
    pub struct Lobby {
        greeted: u64,
    }

    #[on(ready)]
    fn hello(lobby: &mut Lobby, pool: &Pool) -> String {
        lobby.greeted += pool.size;
        lobby.greeted.to_string()
    }

    pub fn pool() -> Pool {
        Pool { size: 4 }
    }
}

#[tokio::main]
async fn main() -> ws_runtime::Result<()> {
    chat::server().state(chat::pool()).serve().await
}
