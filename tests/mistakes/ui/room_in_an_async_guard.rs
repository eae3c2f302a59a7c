// "The guard only looks."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        is_closed: bool,
    }

    async fn is_open(table: &Table) -> Result<(), Reject> {
        if table.is_closed { Err(Reject::forbidden()) } else { Ok(()) }
    }

    #[on("move", guard = is_open)]
    fn play(table: &mut Table) {
        table.is_closed = true;
    }
}

fn main() {}
