// "A route inside of the server is listed too."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, routes = [arcade::table])]
mod arcade {
    #[route("/table/{id}")]
    pub mod table {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    arcade::server().start()
}
