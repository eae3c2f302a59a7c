// "The function makes the room."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    struct Table;

    #[room]
    fn table() -> Table {
        Table
    }
}

fn main() {}
