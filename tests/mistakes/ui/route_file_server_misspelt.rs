// "The server is called `arcad`."

use ws_runtime::prelude::*;

mod table {
    use ws_runtime::prelude::*;

    #[route("/table/{id}", server = crate::arcad)]
    pub mod route {
        #[push]
        #[derive(serde::Serialize)]
        struct Welcome;

        #[on(ready)]
        fn hello(_arcade: &crate::arcade::Arcade) -> Welcome {
            Welcome
        }
    }
}

#[ws_server(listen = 8080, routes = [table::route])]
mod arcade {
    #[state]
    #[derive(Default)]
    pub struct Arcade;
}

fn main() -> ws_runtime::Result<()> {
    arcade::server().start()
}
