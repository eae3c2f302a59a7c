// "A route watches a handle."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[watch(readable = std::io::stdin())]
        fn line(server: &Server) {
            let _ = server;
        }
    }
}

fn main() {}
