// "The list names the file's module."

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

#[ws_server(listen = 8080, routes = [crate::table])]
mod arcade {}

fn main() -> ws_runtime::Result<()> {
    arcade::server().start()
}
