// "A route has pushes of its own names."

use serde::Serialize;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[push]
    #[derive(Serialize)]
    pub struct Said {
        pub text: String,
    }

    #[route("/lobby")]
    mod lobby {
        use super::*;

        #[push("said")]
        #[derive(Serialize)]
        pub struct Shouted {
            pub text: String,
        }

        #[on(utf8)]
        fn shout(text: &str, room: &Room) {
            room.broadcast(Shouted { text: text.to_uppercase() });
        }
    }
}

fn main() {}
