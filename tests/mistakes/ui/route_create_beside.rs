// "The server makes the rooms of its routes."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[on(create)]
    fn create() -> table::Table {
        table::Table(0)
    }

    #[route("/table")]
    mod table {
        use super::*;

        #[room]
        pub struct Table(pub u64);

        #[on(utf8)]
        fn say(table: &mut Table) {
            table.0 += 1;
        }
    }
}

fn main() {}
