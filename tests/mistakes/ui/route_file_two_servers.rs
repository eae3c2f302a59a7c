// "Two servers share a route."

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

#[ws_server(listen = 8080, routes = [table::route])]
mod arcade {}

#[ws_server(listen = 8081, routes = [table::route])]
mod casino {}

fn main() -> ws_runtime::Result<()> {
    casino::server().start()
}
