// "A tick of a route runs for its connections."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[tick(period = 1)]
        fn second(server: &Server) {
            let _ = server;
        }

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
