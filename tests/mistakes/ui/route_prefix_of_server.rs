// "An option of the server puts a path before all routes."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, prefix = "/v1")]
mod arcade {
    use super::*;

    #[route("/table")]
    mod table {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
