// "`create` is told of a new room."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room]
    struct Table {
        moves: u64,
    }

    #[on(create)]
    fn create(request: &Handshake) -> Result<(), Reject> {
        if request.path().len() > 20 { Err(Reject::not_found()) } else { Ok(()) }
    }

    #[on(utf8)]
    fn said(text: &str, table: &mut Table) {
        table.moves += text.len() as u64;
    }
}

fn main() {}
