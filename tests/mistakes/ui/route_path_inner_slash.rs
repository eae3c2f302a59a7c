// "The inner `/` is the path of the outer route, as in axum."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/lobby")]
    mod lobby {
        use super::*;

        #[route("/")]
        mod all {
            use super::*;

            #[on(utf8)]
            fn echo(text: &str) -> &str {
                text
            }
        }

        #[route("/vip")]
        mod vip {
            use super::*;

            #[on(utf8)]
            fn echo(text: &str) -> &str {
                text
            }
        }
    }
}

fn main() {}
