// "0 means no limit."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open, max_rooms = 0)]
    #[derive(Default)]
    struct Table;
}

fn main() {}
