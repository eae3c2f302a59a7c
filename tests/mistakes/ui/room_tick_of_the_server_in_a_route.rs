// "It ticks for the route."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[tick(period = 1)]
        fn clock(server: &Server) {
            server.broadcast_utf8("tick");
        }

        #[on(ready)]
        fn hello(conn: &Conn) {
            let _ = conn;
        }
    }
}

fn main() {}
