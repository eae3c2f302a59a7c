// "The list names the paths that are served."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, routes = ["/table/{id}"])]
mod arcade {
    #[route("/table/{id}")]
    mod table {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    arcade::server().start()
}
