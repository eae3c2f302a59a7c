// "The route names its server, which is enough."

use ws_runtime::prelude::*;

mod table {
    use ws_runtime::prelude::*;

    #[route("/table/{id}", server = crate::arcade)]
    pub mod route {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

#[ws_server(listen = 8080)]
mod arcade {
    #[route("/lobby")]
    mod lobby {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    arcade::server().start()
}
