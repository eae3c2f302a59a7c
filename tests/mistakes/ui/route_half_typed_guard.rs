// "(the guard is being typed)"

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/lobby", guard = )]
    mod lobby {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str { text }

        #[on(ready)]
        fn hello() -> &'static str { "hello" }
    }
}

fn main() {}
