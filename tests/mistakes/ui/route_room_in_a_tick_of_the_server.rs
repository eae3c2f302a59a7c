// "A tick of the server can take a room."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[tick(period = 1)]
    fn second(table: &mut a::Table) {
        table.0 += 1;
    }

    #[route("/a/{id}")]
    mod a {
        use super::*;

        #[room(open)]
        #[derive(Default)]
        pub struct Table(pub u64);

        #[on(utf8)]
        fn count(table: &mut Table) {
            table.0 += 1;
        }
    }
}

fn main() {}
