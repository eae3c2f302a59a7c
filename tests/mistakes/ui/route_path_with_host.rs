// "The path is the address that clients connect to."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("ws://localhost:8080/lobby")]
    mod lobby {
        use super::*;

        #[on("said")]
        fn said(Json(text): Json<String>) -> String {
            text
        }
    }
}

fn main() {}
