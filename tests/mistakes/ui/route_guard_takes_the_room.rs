// "A guard of a route sees the room."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}", guard = free)]
    mod table {
        use super::*;

        #[room(open)]
        #[derive(Default)]
        struct Table {
            seats: u64,
        }

        fn free(table: &Table) -> Result<(), Reject> {
            if table.seats > 3 { Err(Reject::forbidden()) } else { Ok(()) }
        }

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
