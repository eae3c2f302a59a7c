// "A path is a namespace, as in Socket.IO."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[namespace("/lobby")]
    mod lobby {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
