// "A route has an identity of its own."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[identity]
        struct User {
            name: String,
        }

        #[on(handshake)]
        fn who(request: &Handshake) -> User {
            User { name: request.path().to_owned() }
        }

        #[on(utf8)]
        fn name(user: &User) -> String {
            user.name.clone()
        }
    }
}

fn main() {}
