// "The guard of the messages will do for the page."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[identity]
    struct User {
        admin: bool,
    }

    #[on(handshake)]
    fn who(Bearer(token): Bearer) -> User {
        User { admin: token == "admin" }
    }

    fn admin(user: &User) -> Result<(), Reject> {
        if user.admin { Ok(()) } else { Err(Reject::forbidden()) }
    }

    #[get("/users", guard = admin)]
    fn users() -> &'static str {
        "all"
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
