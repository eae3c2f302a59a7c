// "A route has pages of its own."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[get("/health")]
        fn health() -> &'static str {
            "ok"
        }
    }
}

fn main() {}
