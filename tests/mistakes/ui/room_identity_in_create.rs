// "Who makes the room is known."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[identity]
    struct User {
        name: String,
    }

    #[room]
    struct Table {
        owner: String,
    }

    #[on(handshake)]
    fn who() -> User {
        User { name: String::new() }
    }

    #[on(create)]
    fn create(user: &User) -> Table {
        Table { owner: user.name.clone() }
    }
}

fn main() {}
