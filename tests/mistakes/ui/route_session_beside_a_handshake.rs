// "All routes share the session; the handshake says who the peer is."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[identity]
    struct User {
        name: String,
    }

    #[session]
    #[derive(Default)]
    struct Guest {
        said: u64,
    }

    #[on(handshake)]
    fn admit(query: Query<Ticket>) -> Result<User, Reject> {
        Ok(User { name: query.0.name })
    }

    #[derive(serde::Deserialize)]
    struct Ticket {
        name: String,
    }

    #[route("/table")]
    mod table {
        use super::*;

        #[on(utf8)]
        fn count(user: &User) -> String {
            user.name.clone()
        }
    }
}

fn main() {}
