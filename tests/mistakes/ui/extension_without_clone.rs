// "The layer has the user, so a handler can take it."

use ws_runtime::Extension;
use ws_runtime::prelude::*;

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
