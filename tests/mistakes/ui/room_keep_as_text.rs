// "A duration is written with its unit."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open, keep = "10s")]
    #[derive(Default)]
    struct Table;
}

fn main() {}
