// "It is a switch."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open = true)]
    #[derive(Default)]
    struct Table;
}

fn main() {}
