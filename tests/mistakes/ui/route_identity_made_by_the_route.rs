// "The handshake of a route makes the identity."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[identity]
    struct User {
        name: String,
    }

    #[route("/table")]
    mod table {
        use super::*;

        #[on(handshake)]
        fn who(request: &Handshake) -> User {
            User { name: request.path().to_owned() }
        }

        #[on(utf8)]
        fn say(user: &User) -> String {
            user.name.clone()
        }
    }
}

fn main() {}
