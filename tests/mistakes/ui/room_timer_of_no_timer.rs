// "The field is a timer because it is a time."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        clock: u64,
    }

    #[timer(clock)]
    fn too_slow(table: &mut Table) {
        table.clock = 0;
    }
}

fn main() {}
