// "A route always names its server."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    #[route("/table/{id}", server = crate::arcade)]
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
