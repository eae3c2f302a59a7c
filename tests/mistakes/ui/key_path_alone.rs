// "The server has a path, as in Quarkus."

use ws_runtime::prelude::*;

#[ws_server("/chat")]
mod arcade {
    use super::*;

    #[on(utf8)]
    fn say(_text: &str) {}
}

fn main() {}
