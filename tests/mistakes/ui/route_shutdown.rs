// "A route is told when the server stops."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on(shutdown)]
        fn stop(server: &Server) {
            let _ = server;
        }
    }
}

fn main() {}
