// "A route is told of new connections before their requests."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on(connect)]
        fn come(conn: &Conn) {
            let _ = conn;
        }
    }
}

fn main() {}
