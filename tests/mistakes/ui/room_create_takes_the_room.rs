// "`create` fills in the new room."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room]
    #[derive(Default)]
    struct Table {
        name: String,
    }

    #[on(create)]
    fn create(request: &Handshake, table: &mut Table) {
        table.name = request.path().to_owned();
    }
}

fn main() {}
