// "The server will find the route by its attribute."

use ws_runtime::prelude::*;

mod table {
    use ws_runtime::prelude::*;

    #[route("/table/{id}")]
    pub mod route {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

#[ws_server(listen = 8080)]
mod arcade {
    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

fn main() -> ws_runtime::Result<()> {
    arcade::server().start()
}
