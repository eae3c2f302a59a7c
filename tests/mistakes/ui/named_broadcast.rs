// "What it returns is broadcast."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[room(open)]
        #[derive(Default)]
        struct Table {
            moves: u64,
        }

        #[on("say", broadcast = true)]
        fn say(Json(text): Json<String>) -> String {
            text
        }
    }
}

fn main() {}
