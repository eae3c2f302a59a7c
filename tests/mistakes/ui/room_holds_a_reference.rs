// "The room keeps who is in it, as text."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/a")]
    mod table {
        use super::*;

        #[room(open)]
        #[derive(Default)]
        struct Table(Vec<&Conn>);

        #[on(ready)]
        fn enter(conn: &Conn, table: &mut Table) {
            table.0.push(conn);
        }
    }
}

fn main() {}
