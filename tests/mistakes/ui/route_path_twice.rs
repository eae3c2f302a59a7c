// "Two modules share a path."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/lobby")]
    mod lobby {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }

    #[route("/lobby")]
    mod chat {
        use super::*;

        #[on(binary)]
        fn echo(data: &[u8]) -> &[u8] {
            data
        }
    }
}

fn main() {}
