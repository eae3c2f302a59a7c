// "A path of two modules differs from the same path of one."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/a")]
    mod a {
        use super::*;

        #[route("/b")]
        mod b {
            use super::*;

            #[on(utf8)]
            fn echo(text: &str) -> &str {
                text
            }
        }
    }

    #[route("/a/b")]
    mod b {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
