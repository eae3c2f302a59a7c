// "A function answers a path, as in actix."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/echo")]
    fn echo(text: &str) -> &str {
        text
    }
}

fn main() {}
