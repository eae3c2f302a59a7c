// "A route sends the push of another."

use serde::Serialize;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/lobby")]
    mod lobby {
        use super::*;

        #[push]
        #[derive(Serialize)]
        pub struct Said {
            pub text: String,
        }

        #[on(ready)]
        fn hello(server: &Server) {
            let _ = server;
        }
    }

    #[route("/table")]
    mod table {
        use super::*;

        #[on(ready)]
        fn hello() -> lobby::Said {
            lobby::Said { text: "hello".to_owned() }
        }
    }
}

fn main() {}
