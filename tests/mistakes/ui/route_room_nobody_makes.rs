// "A room makes itself."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[room]
        struct Table(u64);

        #[on(utf8)]
        fn count(table: &mut Table) -> String {
            table.0 += 1;
            table.0.to_string()
        }
    }
}

fn main() {}
