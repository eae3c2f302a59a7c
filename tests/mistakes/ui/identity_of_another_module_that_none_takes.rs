// "The user of my auth layer is the identity, and `connections_of` finds its connections."

use auth::User;
use ws_runtime::prelude::*;

mod auth {
    #[derive(Clone)]
    pub struct User {
        pub name: String,
    }
}

#[ws_server]
mod chat {
    use ws_runtime::Extension;

    use super::*;

    #[on(handshake)]
    fn who(Extension(user): Extension<User>) -> User {
        user
    }
}

fn main() {}
