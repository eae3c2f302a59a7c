// "Handlers of the server run for the connections of all routes."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[on(ready)]
    fn hello() -> &'static str {
        "hello"
    }

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }

    #[on(disconnect)]
    fn bye(conn: &Conn) {
        let _ = conn;
    }

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
