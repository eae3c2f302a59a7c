// "A path is both a route and a page."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[get("/lobby")]
    #[route("/lobby")]
    fn lobby() -> &'static str {
        "lobby"
    }
}

fn main() {}
