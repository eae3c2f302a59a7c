// "The server broadcasts the push of a route."

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

        #[on("say")]
        fn say(Json(text): Json<String>, server: &Server) -> usize {
            server.broadcast(Said { text })
        }
    }
}

fn main() {}
