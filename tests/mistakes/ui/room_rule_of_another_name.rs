// "A cache calls it so."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open, ttl = 10)]
    #[derive(Default)]
    struct Table;
}

fn main() {}
