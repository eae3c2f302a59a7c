// "The handlers of a route stand in a file."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table")]
    mod table;
}

fn main() {}
