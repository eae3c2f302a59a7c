// "The path is known when somebody connects."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        moves: u64,
    }

    #[on(connect)]
    fn knock(table: &Table) -> Result<(), Reject> {
        if table.moves > 9 { Err(Reject::forbidden()) } else { Ok(()) }
    }
}

fn main() {}
