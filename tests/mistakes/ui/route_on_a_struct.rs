// "A struct serves a path."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table")]
    struct Table;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

fn main() {}
