// "What the auth layer has added, as every handler of mine takes it."

use axum::Extension;
use ws_runtime::prelude::*;

mod axum {
    pub struct Extension<T>(pub T);
}

#[derive(Clone)]
pub struct User {
    name: String,
}

#[ws_server]
mod chat {
    use super::*;

    #[session]
    struct Guest {
        name: String,
    }

    #[on(handshake)]
    fn who(Extension(user): Extension<User>) -> Guest {
        Guest { name: user.name }
    }
}

fn main() {}
