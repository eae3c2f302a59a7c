// "A route can follow the rest of the path."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/files/{*rest}")]
    mod files {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }

        #[route("/edit")]
        mod edit {
            use super::*;

            #[on(utf8)]
            fn echo(text: &str) -> &str {
                text
            }
        }
    }
}

fn main() {}
