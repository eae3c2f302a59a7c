// "Each route has names of its own for its parameters."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/league/{id}")]
    mod league {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }

        #[route("/table/{id}")]
        mod table {
            use super::*;

            #[on(utf8)]
            fn echo(text: &str) -> &str {
                text
            }
        }
    }
}

fn main() {}
