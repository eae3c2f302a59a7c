// "The user of my auth layer is the identity."

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

    #[on("say")]
    fn say(user: &User) -> String {
        user.name.clone()
    }
}

fn main() {}
