// "`None` refuses the peer."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room]
    struct Table;

    #[on(create)]
    fn create(request: &Handshake) -> Option<Table> {
        (request.path().len() < 20).then_some(Table)
    }
}

fn main() {}
