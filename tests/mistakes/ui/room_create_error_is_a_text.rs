// "The error is told to the peer."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room]
    struct Table;

    #[on(create)]
    fn create(request: &Handshake) -> Result<Table, String> {
        if request.path().len() > 20 { Err("no such table".to_owned()) } else { Ok(Table) }
    }
}

fn main() {}
