// "A map is all that I need."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[state]
    pub type Rooms = std::collections::HashMap<String, u64>;

    #[on(ready)]
    fn hello(rooms: &Rooms) -> String {
        rooms.len().to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().state(chat::Rooms::new()).start()
}
